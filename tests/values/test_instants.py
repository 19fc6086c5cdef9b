"""Instants: their spelling as milliseconds is exact, before 1970 too."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stampbook.values.instants import EPOCH, MILLISECOND, from_ms, to_ms

MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - hypothesis wants it naive
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(at=MOMENTS)
def test_milliseconds_are_whole_and_rounded_down(at: datetime) -> None:
    ms = to_ms(at)
    assert ms == (at - EPOCH) // MILLISECOND
    assert from_ms(ms) <= at < from_ms(ms) + timedelta(milliseconds=1)
