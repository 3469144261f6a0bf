"""Papers in whichever letters a name is written: read again as it was written, Arabic in the shapes it is joined by."""

import io
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from parvis.web import bidi, lettering
from parvis.web.papers import Line, Listing, Sheet, drawn, listed

NAMES = (
    "Çelik",
    "Łukasz Żółć",
    "Đorđe",
    "Нина Ђорђевић",
    "Νίκος",
    "Ștefan Țîrcă",
    "Əliyev",
    "Ĳsbrand",
    "Հայկ",
    "გიორგი",
)
RIGHT_TO_LEFT = ("محمد", "نور الدين", "فاطمة الزهراء", "عبد الله", "שלום")
SHEET = Sheet(
    sender="Ville de Mulhouse",
    under="Régie des piscines",
    colour=None,
    title="Quittance n° 7",
    facts=[],
    header=("Objet", "Montant"),
    rows=[("Dix entrées", "12,50 €")],
    widths=(3, 1),
    figures_from=1,
)


def read(pdf):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def of_listing(text):
    said = {"sender": text, "under": "", "title": text, "lang": "en", "page": "Page", "unwritable": "Some are missing."}
    return read(listed(Listing(lines=[Line("Name", text)], **said)))


def of_sheet(text):
    return read(drawn(replace(SHEET, sender=text, facts=[("Payé par", text)], rows=[(text, "12,50 €")], notes=[text])))


@pytest.mark.parametrize("paper", [of_listing, of_sheet])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_read_as_it_is_written(paper, name):
    told = paper(name)
    assert told.count(name) >= 3
    assert "?" not in told
    assert "missing" not in told


@pytest.mark.parametrize("paper", [of_listing, of_sheet])
@pytest.mark.parametrize("name", RIGHT_TO_LEFT)
def test_a_name_from_right_to_left_is_read_as_it_is_written(paper, name):
    told = unicodedata.normalize("NFKC", paper(name))
    assert told.count(name) >= 3
    assert "?" not in told


@pytest.mark.parametrize("name", RIGHT_TO_LEFT)
def test_what_is_drawn_is_the_same_letters_the_other_way_round(name):
    assert unicodedata.normalize("NFKC", bidi.visual(name)[::-1]) == name


@pytest.mark.parametrize(
    ("typed", "shapes"),
    [
        # In front of nothing that joins: dal and waw reach no next letter; lam and alef are one sign.
        ("دود", "ﺩﻭﺩ"),
        ("سلام", "ﻡﻼﺳ"),
        ("لا", "ﻻ"),
        ("بَيت", "ﺖﻴﺑَ"),
        ("Jean محمد Dupont", "Jean ﺪﻤﺤﻣ Dupont"),
        ("شارع 12, 3.50", "ﻉﺭﺎﺷ 12, 3.50"),
        ("محمد 12 علي", "ﻲﻠﻋ 12 ﺪﻤﺤﻣ"),
        ("(محمد)", "(ﺪﻤﺤﻣ)"),
        ("محمد (علي) ب", "ﺏ (ﻲﻠﻋ) ﺪﻤﺤﻣ"),
        ("محمد (علي) 12, rue", "(ﻲﻠﻋ) ﺪﻤﺤﻣ 12, rue"),
        ("(Jean محمد) «علي", "(Jean ﺪﻤﺤﻣ) «ﻲﻠﻋ"),
        ("אב\nגד", "בא\nדג"),
    ],
)
def test_letters_are_joined_and_runs_turned_round(typed, shapes):
    assert bidi.visual(typed) == shapes


@given(st.text())
def test_whatever_is_written_is_drawn(text):
    told = lettering.drawn(text)
    assert lettering.is_drawn_whole(text) or "?" in told
    assert all(sign == "\n" or ord(sign) in lettering.shapes() for sign in told)


@given(st.text(st.characters(max_codepoint=0x52F, exclude_categories=["Cc", "Cs"])))
def test_what_runs_from_left_to_right_is_left_as_it_is(text):
    assert bidi.visual(text) == text


def test_the_same_paper_is_the_same_bytes():
    assert drawn(replace(SHEET, sender="Łódź محمد")) == drawn(replace(SHEET, sender="Łódź محمد"))


def test_a_sign_without_a_shape_is_a_question_mark():
    assert lettering.drawn("山 Ł") == "? Ł"
    assert not lettering.is_drawn_whole("山")
