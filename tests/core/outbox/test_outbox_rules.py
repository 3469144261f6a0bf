from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from parvis.outbox.rules import ATTEMPTS, HANDLING, LEASE, pause, trace


@given(attempts=st.integers(1, 1000), jitter=st.floats(0, 1))
def test_a_pause_is_never_nothing_and_never_over_half_an_hour(attempts: int, jitter: float) -> None:
    assert timedelta(seconds=1) <= pause(attempts, jitter) <= timedelta(minutes=30)


@given(attempts=st.integers(1, 100), jitter=st.floats(0, 1))
def test_pauses_grow(attempts: int, jitter: float) -> None:
    assert pause(attempts + 1, jitter) >= pause(attempts, jitter)


def test_all_attempts_together_outlast_an_hour() -> None:
    assert sum((pause(n, 1) for n in range(1, ATTEMPTS)), timedelta()) > timedelta(minutes=30)


def test_a_handler_ends_before_its_lease() -> None:
    assert HANDLING < LEASE


def test_a_trace_says_where_and_not_who() -> None:
    try:
        raise ValueError("Jean Martin has no number")
    except ValueError as error:
        told = trace(error)
    assert told.startswith("ValueError at outbox/test_outbox_rules.py:")
    assert "Martin" not in told
