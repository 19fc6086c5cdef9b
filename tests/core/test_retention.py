"""Retention: whole days of UTC are kept, and 0 is for ever."""

from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.retention import DAY_MS, DAYS_MAX, Cuts, Retention, cuts

NOON_MS = 20_000 * DAY_MS + DAY_MS // 2


def test_a_cut_is_the_beginning_of_a_day() -> None:
    found = cuts(Retention(deliveries_days=1, failed_days=2, facts_days=3), NOON_MS)
    assert found.received_ms == 19_999 * DAY_MS
    assert found.failed_ms == 19_998 * DAY_MS
    assert found.facts_ms == 19_997 * DAY_MS


def test_nothing_goes_that_is_kept_for_ever() -> None:
    found = cuts(Retention(deliveries_days=0, failed_days=0, facts_days=0), NOON_MS)
    assert (found.received_ms, found.failed_ms, found.facts_ms) == (0, 0, 0)


def test_facts_are_kept_for_ever_unless_somebody_says_otherwise() -> None:
    assert cuts(Retention(), NOON_MS).facts_ms == 0


@given(now_ms=st.integers(0, 1 << 41), days=st.integers(1, DAYS_MAX))
def test_what_is_younger_than_its_days_is_kept(now_ms: int, days: int) -> None:
    cut: Cuts = cuts(Retention(deliveries_days=days), now_ms)
    assert cut.received_ms % DAY_MS == 0
    assert cut.received_ms <= max(0, now_ms - days * DAY_MS)
    assert now_ms - cut.received_ms < (days + 1) * DAY_MS or cut.received_ms == 0
