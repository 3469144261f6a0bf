from datetime import date
from enum import Enum
from typing import Annotated, Literal
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.errors import Invalid, Refusal, Text
from parvis.web import fields, forms


class Half(Enum):
    MORNING = "am"
    AFTERNOON = "pm"


class Person(msgspec.Struct, frozen=True):
    name: fields.Line
    age: Literal["adult", "minor"] = "adult"


class Request(msgspec.Struct, frozen=True):
    people: tuple[Person, ...]
    email: Annotated[fields.Email, fields.Missing(Text("Enter your address."))]
    birth: fields.BirthDate | None = None
    half: Half | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1
    weekdays: tuple[int, ...] = ()
    agreed: bool = False
    start: date | None = None
    number: Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{10}$", description="Ten signs.")] | None = None


GOOD = {"people-0-name": "Nadia", "people-1-name": "Noé", "people-1-age": "minor", "email": "n@example.org"}


def _decode(**typed: str | list[str]) -> forms.Form[Request]:
    return forms.decode(Request, urlencode(typed, doseq=True).encode())


def test_a_good_form_is_a_typed_value() -> None:
    form = _decode(
        **GOOD, **{"birth-day": "4", "birth-month": "1", "birth-year": "1987"}, weekdays=["1", "3"], agreed="yes"
    )
    assert form.errors == {}
    assert form.value == Request(
        people=(Person("Nadia"), Person("Noé", "minor")),
        email="n@example.org",
        birth=date(1987, 1, 4),
        weekdays=(1, 3),
        agreed=True,
    )


def test_what_is_missing_is_asked_for_in_its_own_words() -> None:
    form = _decode()
    assert form.errors["email"] == Text("Enter your address.")
    assert set(form.errors) == {"email", "people"}
    with pytest.raises(Invalid) as invalid:
        _ = form.value
    assert {refusal.field for refusal in invalid.value.refusals} == {"email", "people"}


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("count", "0"), ("count", "9"), ("count", "two"), ("count", "1e3"), ("count", "9" * 400), ("half", "noon"),
        ("start", "31/2/2027"), ("number", "short"), ("weekdays", "monday"), ("people-0-age", "old"),
        ("birth-day", "5"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_keeps_what_was_typed(name: str, typed: str) -> None:
    form = _decode(**{**GOOD, name: typed})
    assert set(form.errors) == {"birth" if name.startswith("birth") else name}
    assert form.text(name) == typed
    assert form.text("email") == "n@example.org"


def test_an_optional_field_left_empty_is_nothing() -> None:
    form = _decode(**GOOD, start=" ", half="", number="")
    assert form.errors == {}
    assert (form.value.start, form.value.half, form.value.number) == (None, None, None)


def test_numbers_with_spaces_are_read() -> None:
    assert _decode(**GOOD, count=" 4 ").value.count == 4


def test_a_refusal_of_an_action_comes_back_to_its_field() -> None:
    form = _decode(**GOOD).refused([Refusal("taken", Text("Taken."), "email"), Refusal("late", Text("Too late."))])
    assert form.error("email") == Text("Taken.")
    assert form.error("") == Text("Too late.")
    assert form.text("people-1-name") == "Noé"


def test_a_value_is_shown_again_as_it_was_typed() -> None:
    value = _decode(
        **GOOD, **{"birth-day": "4", "birth-month": "1", "birth-year": "1987"}, half="pm", agreed="yes"
    ).value
    again = forms.of(value)
    encoded = urlencode({name: list(typed) for name, typed in again.raw.items()}, doseq=True)
    assert forms.decode(Request, encoded.encode()).value == value
    assert again.has("half", "pm")
    assert again.text("birth-day") == "4"


def test_groups_are_limited() -> None:
    form = _decode(**GOOD, **{f"people-{n}-name": "x" for n in range(2, 400)})
    assert len(form.value.people) == 50


def test_too_many_fields_are_too_large() -> None:
    with pytest.raises(forms.TooLarge):
        forms.decode(Request, b"&".join(b"a=1" for _ in range(2000)))


@given(st.binary(max_size=400))
def test_no_bytes_break_it(encoded: bytes) -> None:
    form = forms.decode(Request, encoded)
    assert "\x00" not in "".join(typed for values in form.raw.values() for typed in values)


@given(
    st.dictionaries(
        st.sampled_from(["email", "count", "half", "start", "number", "birth-day", "people-0-name"]), st.text()
    )
)
def test_whatever_is_typed_is_kept(typed: dict[str, str]) -> None:
    form = forms.decode(Request, urlencode(typed).encode())
    for name, text in typed.items():
        assert form.text(name) == text.replace("\x00", "")
