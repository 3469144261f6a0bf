"""What a bank account, a creditor and a collection day are: every mistyped sign is found, no day is too early."""

from datetime import date, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from parvis.payments.debits import files, rules
from parvis.payments.debits.openings import is_open

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
days = st.dates(date(2024, 1, 1), date(2040, 1, 1))
leads = st.integers(rules.LEAST_DAYS, rules.MOST_DAYS)
references = st.from_regex(r"PRLV-[0-9A-F]{8}-[0-9]{6}", fullmatch=True)


def checked(country: str, rest: str) -> str:
    """What begins with its check digits, worked out as ISO 7064 (MOD 97-10) says."""
    digits = "".join(str(int(sign, 36)) for sign in f"{rest}{country}00")
    return f"{country}{98 - int(digits) % 97:02}"


@st.composite
def ibans(draw, signs: str = SIGNS) -> str:
    country, length = draw(st.sampled_from(sorted(rules._LENGTHS.items())))
    account = draw(st.text(signs, min_size=length - 4, max_size=length - 4))
    return checked(country, account) + account


@st.composite
def creditors(draw) -> str:
    country = draw(st.sampled_from(sorted(rules._LENGTHS)))
    business, own = draw(st.text(SIGNS, min_size=3, max_size=3)), draw(st.text(SIGNS, min_size=1, max_size=28))
    return checked(country, own) + business + own


@given(ibans(), st.text(" .-\u00a0\u202f", max_size=6), st.integers(0, 30))
def test_an_iban_is_taken_however_it_is_typed(iban, between, at):
    assert rules.iban_fault(iban) is None
    typed = f"{iban[:at]}{between}{iban[at:]}".lower()
    assert rules.tidy(typed) == rules.tidy(rules.tidy(typed)) == iban


@given(ibans(), st.data())
def test_a_mistyped_sign_of_an_iban_is_found(iban, data):
    at = data.draw(st.integers(2, len(iban) - 1))
    sign = data.draw(st.sampled_from(SIGNS[:10] if at < 4 else SIGNS))
    # A letter is two figures: A for 0 may come to the same remainder, as with every bank.
    assume(sign != iban[at] and sign.isdigit() == iban[at].isdigit())
    assert rules.iban_fault(iban[:at] + sign + iban[at + 1 :]) is not None


@given(ibans("0123456789"), st.data())
def test_two_figures_that_changed_places_are_found(iban, data):
    at = data.draw(st.integers(4, len(iban) - 2))
    turned = iban[:at] + iban[at + 1] + iban[at] + iban[at + 2 :]
    assert (rules.iban_fault(turned) is None) == (turned == iban)


@given(ibans(), st.text(SIGNS, min_size=1, max_size=4), st.booleans())
def test_an_iban_of_another_length_is_none(iban, more, shorter):
    assert rules.iban_fault(iban[: -len(more)] if shorter else iban + more) is not None


@given(st.text(max_size=40))
def test_whatever_is_typed_is_an_answer(typed):
    for fault in (rules.iban_fault, rules.creditor_fault):
        found = fault(rules.tidy(typed))
        assert found is None or found.field


@given(creditors(), st.data())
def test_a_creditor_is_known_whatever_its_business_code_and_a_mistyped_figure_is_found(creditor, data):
    assert rules.creditor_fault(creditor) is None
    business = data.draw(st.text(SIGNS, min_size=3, max_size=3))
    assert rules.creditor_fault(creditor[:4] + business + creditor[7:]) is None
    at = data.draw(st.integers(7, len(creditor) - 1))
    sign = data.draw(st.sampled_from(SIGNS))
    assume(sign != creditor[at] and sign.isdigit() == creditor[at].isdigit())
    assert rules.creditor_fault(creditor[:at] + sign + creditor[at + 1 :]) is not None


@given(days, leads)
def test_a_bank_has_its_working_days_before_it_collects_on_one(today, lead):
    day = rules.collection_day(today, lead, is_open)
    between = [today + timedelta(days=n) for n in range(1, (day - today).days + 1)]
    assert sum(map(is_open, between)) == lead
    assert is_open(day)
    assert rules.collection_day(today, lead + 1, is_open) > day
    assert rules.collection_day(today + timedelta(days=1), lead, is_open) >= day


@given(days, leads, st.integers(-10, 90))
def test_a_day_that_is_taken_is_a_working_day_far_enough_and_not_too_far(today, lead, ahead):
    day = today + timedelta(days=ahead)
    soonest = rules.collection_day(today, lead, is_open)
    wanted = is_open(day) and soonest <= day <= today + rules.AHEAD
    assert (rules.collection_fault(day, today, lead, is_open) is None) == wanted


@given(days, st.integers(-30, 30))
def test_a_batch_is_late_from_its_day_or_after_five_working_days_without_a_word_and_stays_so(day, ahead):
    today = day + timedelta(days=ahead)
    assert rules.is_late("made", day, today, is_open) == (today >= day)
    after = [day + timedelta(days=n) for n in range(1, ahead)]
    assert rules.is_late("sent", day, today, is_open) == (sum(map(is_open, after)) >= rules.WORD)
    for over in ("collected", "dropped"):
        assert not rules.is_late(over, day, today, is_open)
    assert (rules.too_early(day, today) is None) == (today >= day)


@given(references, st.integers(0, 3))
def test_a_bank_names_the_batch_by_whatever_of_it_it_collected(reference, debited):
    assert files.batch_of(files.payment(reference, rules.sequence(debited))) == reference
    assert files.batch_of(reference) == reference
