from urllib.parse import urlencode

import msgspec
import pytest

from parvis.contract.values import Channel
from parvis.errors import Invalid
from parvis.web.forms import decode
from parvis_idcard.details import Details, DetailsForm, contact_of, of_form, tidied
from parvis_idcard.rules import Age, Applicant, Paper

GOOD = {
    "channel": "mail",
    "email": "lea@example.org",
    "applicants-0-given": "Léa",
    "applicants-0-family": "Martin",
    "applicants-0-age": "adult",
    "applicants-0-number": "a123456789",
}


def form(**changed):
    return decode(DetailsForm, urlencode(GOOD | {k.replace("__", "-"): v for k, v in changed.items()}).encode())


def somebody(**rest):
    return Applicant(**{"given": "Léa", "family": "Martin", "age": Age.ADULT} | rest)


def test_a_good_form_is_tidied():
    found = of_form(form(applicants__0__given="  Léa \t Rose ").value, Paper.CARD)
    assert found.applicants == (somebody(given="Léa Rose", number="A123456789"),)
    assert tidied(found) == found


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("email", "lea.example.org"),
        ("applicants-0-number", "A12345678"),
        ("applicants-0-given", "x" * 10_000),
        ("applicants-0-family", ""),
        ("applicants-0-age", "ancient"),
        ("phone", "06 12"),
    ],
)
def test_a_wrong_field_has_a_sentence_and_every_field_is_kept(field, typed):
    found = form(**{field.replace("-", "__"): typed})
    assert list(found.errors) == [field]
    assert found.text(field) == typed
    assert {name: found.text(name) for name in GOOD if name != field} == {k: v for k, v in GOOD.items() if k != field}


@pytest.mark.parametrize("name", ["José 😀", "משה לוי", "محمد", "Нина", "O’Neil-Smith", "王"])
def test_names_of_every_writing_are_taken_as_they_are(name):
    assert form(applicants__0__given=name).value.applicants[0].given == name


def test_direction_overrides_are_dropped():
    assert form(applicants__0__given="Léa\u202ecod.exe").value.applicants[0].given == "Léacod.exe"


def test_one_contact_by_the_channel_chosen():
    by_mail = Details(applicants=(somebody(),), email="lea@example.org", phone="+33612345678")
    assert contact_of(by_mail).address == "lea@example.org"
    by_sms = msgspec.structs.replace(by_mail, channel=Channel.SMS)
    assert contact_of(by_sms).address == "+33612345678"


@pytest.mark.parametrize(
    ("details", "code", "field"),
    [
        (Details(applicants=(somebody(),), phone="+33612345678"), "contact-missing", "email"),
        (Details(applicants=(somebody(),), channel=Channel.SMS), "contact-missing", "phone"),
        (Details(applicants=(somebody(),), channel=Channel.SMS, phone="+33389112233"), "contact-no-mobile", "phone"),
    ],
)
def test_a_contact_that_cannot_be_reached_is_refused_where_it_was_typed(details, code, field):
    with pytest.raises(Invalid) as refused:
        contact_of(details)
    assert [(refusal.code, refusal.field) for refusal in refused.value.refusals] == [(code, field)]


def test_what_a_program_sends_is_read_like_a_form():
    sent = Details(applicants=(somebody(given=" Léa\x07 ", number="a123 456789"),), email="Lea @Example.ORG")
    assert tidied(sent).applicants[0] == somebody(number="A123456789")
    assert tidied(sent).email == "Lea@example.org"


def test_every_wrong_field_of_a_program_is_named():
    sent = Details(applicants=(somebody(given="\x07", number="123"),), email="nobody")
    with pytest.raises(Invalid) as refused:
        tidied(sent)
    assert {refusal.field for refusal in refused.value.refusals} == {
        "applicants-0-given",
        "applicants-0-number",
        "email",
    }
