import itertools
from pathlib import Path

import pytest

import parvis_idcard
from parvis.web import folders
from parvis.web.i18n import translate
from parvis_idcard.papers import to_bring
from parvis_idcard.rules import KINDS, Age, Applicant, Paper, Situation


@pytest.fixture(autouse=True)
def words():
    folders.use([Path(parvis_idcard.__file__).parent])
    yield
    folders.use([])


def bring(paper=Paper.CARD, age=Age.ADULT, situation=Situation.RENEWAL, kind="deposit"):
    return to_bring(kind, paper, Applicant(given="Léa", family="Martin", age=age, situation=situation))


def said(found):
    return " / ".join(str(text) for text in (found.who, *found.papers))


@pytest.mark.parametrize(
    ("paper", "age", "situation", "passport", "card"),
    [
        (Paper.CARD, Age.ADULT, Situation.RENEWAL, (), 0),
        (Paper.CARD, Age.MINOR, Situation.FIRST, (), 0),
        (Paper.CARD, Age.ADULT, Situation.LOST, (), 2500),
        (Paper.CARD, Age.UNDER_12, Situation.STOLEN, (), 2500),
        (Paper.CARD, Age.ADULT, Situation.NAME, (), 0),
        (Paper.PASSPORT, Age.ADULT, Situation.LOST, (8600,), 0),
        (Paper.PASSPORT, Age.MINOR, Situation.RENEWAL, (4200, 1700), 0),
        (Paper.PASSPORT, Age.UNDER_12, None, (1700,), 0),
        (Paper.BOTH, Age.ADULT, Situation.STOLEN, (8600,), 2500),
    ],
)
def test_the_tax_stamp(paper, age, situation, passport, card):
    found = bring(paper, age, situation)
    assert (found.passport_cents, found.card_cents) == (passport, card)
    assert (found.stamp is None) == (not passport and not card)


def stamp(*case, lang="fr"):
    return translate(bring(*case).stamp, lang).replace("\u00a0", " ")


def test_a_changed_name_costs_nothing_while_the_passport_is_valid():
    said = stamp(Paper.PASSPORT, Age.ADULT, Situation.NAME)
    assert said == "Timbre fiscal : 86 € ; rien si le passeport actuel est encore valide"
    assert bring(Paper.CARD, situation=Situation.NAME).stamp is None


def test_what_is_lost_of_two_papers_decides_the_stamp():
    said = stamp(Paper.BOTH, Age.MINOR, Situation.LOST)
    assert all(amount in said for amount in ("42 €", "17 €", "25 €"))


def test_another_paper_saves_the_birth_certificate():
    assert "The passport, if there is one" in said(bring(Paper.CARD, situation=Situation.FIRST))
    assert "Without it" in said(bring(Paper.PASSPORT, situation=Situation.LOST))
    assert "if there is one" not in said(bring(Paper.BOTH, situation=Situation.FIRST))
    assert "expired more than 5 years ago" in said(bring(Paper.CARD, situation=Situation.RENEWAL))


def test_a_childs_proof_of_address_is_the_parents():
    assert "in the name of the parent" in said(bring(age=Age.UNDER_12))
    assert "in the name of the parent" not in said(bring(age=Age.ADULT))


def test_everyone_brings_a_photo_and_a_proof_of_address():
    for paper, age, situation in itertools.product(Paper, Age, [*Situation, None]):
        assert "photo of less than 6 months" in said(bring(paper, age, situation))
        assert "proof of address" in said(bring(paper, age, situation))


@pytest.mark.parametrize("age", [Age.MINOR, Age.UNDER_12])
def test_a_child_comes_with_a_parent_and_their_paper(age):
    assert "with a parent" in said(bring(age=age))
    assert "parental authority" in said(bring(age=age))
    assert "parental authority" not in said(bring(age=Age.ADULT))


def test_each_situation_has_its_own_proof():
    assert "birth certificate" in said(bring(situation=Situation.FIRST))
    assert "declaration of loss" in said(bring(situation=Situation.LOST))
    assert "declaration of theft" in said(bring(situation=Situation.STOLEN))
    assert "change of name" in said(bring(situation=Situation.NAME))
    assert "old passport" in said(bring(Paper.PASSPORT, situation=Situation.RENEWAL))
    assert "old identity card" not in said(bring(situation=Situation.LOST))


def test_a_small_child_need_not_come_to_collect():
    assert "need not come" in said(bring(None, Age.UNDER_12, kind="collection"))
    assert bring(None, kind="collection").stamp is None


def test_each_further_person_adds_time():
    assert all(0 < kind.further <= kind.first for kind in KINDS)


def test_certifying_and_completing_have_lists_of_their_own():
    assert "France Identité" in said(bring(None, kind="certification"))
    assert "what is missing" in said(bring(None, kind="incomplete"))
