from datetime import date
from typing import Annotated, Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.plugins.emitter_settings import SettingsInvalid, decode, encode, unsuitable
from parvis.web.fields import Wording


class Fees(msgspec.Struct, frozen=True):
    late: int = 10


class Loans(msgspec.Struct, frozen=True, kw_only=True):
    version: ClassVar[int] = 2
    days: int = 21
    open: bool = True
    fees: Fees = Fees()

    @staticmethod
    def upgrade(kept: dict[str, Any], version: int) -> dict[str, Any]:
        return {"days": kept["weeks"] * 7} if version == 1 and "weeks" in kept else kept


@given(st.builds(Loans, days=st.integers(0, 400), open=st.booleans(), fees=st.builds(Fees, late=st.integers(0, 99))))
def test_what_is_kept_is_what_comes_back(loans):
    assert decode(Loans, *encode(loans)) == loans


def test_nothing_kept_gives_the_defaults():
    assert decode(Loans, {}, 2) == Loans()


def test_an_older_version_is_brought_up_to_date():
    assert decode(Loans, {"weeks": 2}, 1).days == 14


@pytest.mark.parametrize(
    ("kept", "field"),
    [({"days": "many"}, "days"), ({"fees": {"late": None}}, "fees.late"), ({"dais": 3}, "dais")],
)
def test_what_does_not_fit_names_its_field(kept, field):
    with pytest.raises(SettingsInvalid) as refused:
        decode(Loans, kept, 2)
    assert refused.value.refusals[0].field == field
    assert field in str(refused.value)


def test_what_a_newer_version_kept_is_refused_rather_than_misread():
    with pytest.raises(SettingsInvalid, match="newer"):
        decode(Loans, {}, 3)


class Bare(msgspec.Struct):
    price: int


class Grown(msgspec.Struct):
    version: ClassVar[int] = 2


class Shown(msgspec.Struct):
    days: int = 21
    open: bool = True
    desk: Annotated[str, msgspec.Meta(max_length=9)] = ""
    reminders: tuple[Annotated[int, msgspec.Meta(ge=1)], ...] = (7, 2)
    sites: tuple[str, ...] = ()
    note: Annotated[Wording, "said to everybody"] = Wording()


@pytest.mark.parametrize(
    "kind", [Fees, dict[str, int], list[str], int | None, float, date, tuple[int, int], tuple[Fees, ...]]
)
def test_a_type_that_no_manager_can_be_asked_for_is_refused_by_the_name_of_its_setting(kind):
    made = msgspec.defstruct("Odd", [("days", int, 21), ("fee", kind, None)])
    (told,) = unsuitable(made)
    assert told.startswith("the setting Odd.fee is of a type")


def test_settings_need_defaults_and_a_way_up():
    assert list(unsuitable(None)) == list(unsuitable(Shown)) == []
    assert ["price" in told for told in unsuitable(Bare)] == [True]
    assert ["upgrade" in told for told in unsuitable(Grown)] == [True]
