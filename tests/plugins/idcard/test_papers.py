import itertools

import pytest

from parvis_idcard.papers import to_bring
from parvis_idcard.rules import KINDS, Age, Applicant, Paper, Situation


def bring(paper=Paper.CARD, age=Age.ADULT, situation=Situation.RENEWAL, kind="deposit"):
    return to_bring(kind, paper, Applicant(given="Léa", family="Martin", age=age, situation=situation))


def said(found):
    return " / ".join(str(text) for text in (found.who, *found.papers))


@pytest.mark.parametrize(
    ("paper", "age", "situation", "cents"),
    [
        (Paper.CARD, Age.ADULT, Situation.RENEWAL, ()),
        (Paper.CARD, Age.MINOR, Situation.FIRST, ()),
        (Paper.CARD, Age.ADULT, Situation.LOST, (2500,)),
        (Paper.CARD, Age.UNDER_12, Situation.STOLEN, (2500,)),
        (Paper.PASSPORT, Age.ADULT, Situation.LOST, (8600,)),
        (Paper.PASSPORT, Age.MINOR, Situation.RENEWAL, (4200, 1700)),
        (Paper.PASSPORT, Age.UNDER_12, None, (1700,)),
        (Paper.BOTH, Age.ADULT, Situation.NAME, (8600,)),
        (Paper.BOTH, Age.ADULT, Situation.STOLEN, (11100,)),
    ],
)
def test_the_tax_stamp(paper, age, situation, cents):
    assert bring(paper, age, situation).stamp_cents == cents


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
