"""A rate is never exceeded in any stretch of time, and never starves who waits."""

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.pacing import next_us, pace

SECOND = 1_000_000
BEGIN = 1_767_225_600 * SECOND
ROUNDING_US = 0.5
"""An interval is a whole number of microseconds."""

rates = st.one_of(
    st.floats(min_value=0.01, max_value=10_000),
    st.sampled_from((0.01, 0.5, 1.0, 1.5, 2.0, 3.0, 6.0, 7.0, 10.0, 100.0, 9_950.0, 10_000.0)),
)
gaps_us = st.one_of(st.just(0), st.integers(0, 3_000), st.integers(0, 3 * SECOND))
asked = st.lists(st.tuples(gaps_us, st.integers(0, 40)), min_size=1, max_size=60)


class Bucket:
    """The other way to keep a rate: tokens that drip into a bucket of a second's worth."""

    def __init__(self, rate: float) -> None:
        self.interval = max(1, round(SECOND / rate))
        self.most = max(Fraction(1), Fraction(SECOND, self.interval))
        self.tokens = self.most

    def take(self, wanted: int, after_us: int) -> int:
        self.tokens = min(self.most, self.tokens + Fraction(after_us, self.interval))
        taken = min(wanted, math.floor(self.tokens))
        self.tokens -= taken
        return taken


@given(rate=rates, asks=asked)
def test_a_rate_grants_what_a_bucket_of_tokens_would(
    rate: float, asks: list[tuple[int, int]]
) -> None:
    now_us, mark_us, bucket = BEGIN, 0, Bucket(rate)
    for gap_us, wanted in asks:
        now_us += gap_us
        granted, mark_us = pace(wanted, rate, mark_us, now_us)
        assert granted == bucket.take(wanted, gap_us)


@given(rate=rates, asks=asked)
def test_no_stretch_of_time_has_more_than_its_rate_and_a_burst(
    rate: float, asks: list[tuple[int, int]]
) -> None:
    now_us, mark_us, grants = BEGIN, 0, list[tuple[int, int]]()
    for gap_us, wanted in asks:
        now_us += gap_us
        granted, mark_us = pace(wanted, rate, mark_us, now_us)
        grants.append((now_us, granted))
    interval_us = SECOND / rate - ROUNDING_US
    for first, (since_us, _) in enumerate(grants):
        count = 0
        for at_us, granted in grants[first:]:
            count += granted
            assert count * interval_us <= at_us - since_us + max(SECOND, SECOND / rate)


@given(rate=rates, asks=asked)
def test_one_more_may_start_at_the_promised_instant_and_not_before(
    rate: float, asks: list[tuple[int, int]]
) -> None:
    now_us, mark_us = BEGIN, 0
    for gap_us, wanted in asks:
        now_us += gap_us
        granted, mark_us = pace(wanted, rate, mark_us, now_us)
        free_us = next_us(mark_us, rate)
        assert pace(1, rate, mark_us, max(now_us, free_us)).granted == 1
        if granted < wanted:
            assert now_us < free_us <= now_us + SECOND / rate + ROUNDING_US
            assert pace(1, rate, mark_us, free_us - 1).granted == 0


@given(rate=rates, count=st.integers(1, 300))
def test_who_asks_at_each_promised_instant_gets_the_whole_rate(rate: float, count: int) -> None:
    now_us, mark_us = BEGIN, 0
    for _ in range(count):
        granted, mark_us = pace(1, rate, mark_us, now_us)
        assert granted == 1
        now_us = max(now_us, next_us(mark_us, rate))
    assert now_us - BEGIN <= count * (SECOND / rate + ROUNDING_US)


@given(rate=rates, wanted=st.integers(0, 20_000), idle_us=st.integers(0, 10**12))
def test_time_without_requests_is_not_saved_up(rate: float, wanted: int, idle_us: int) -> None:
    _, mark_us = pace(1, rate, 0, BEGIN)
    granted, _ = pace(wanted, rate, mark_us, BEGIN + idle_us)
    assert granted <= max(1, SECOND / (SECOND / rate - ROUNDING_US))


@given(rate=rates, back_us=st.integers(0, 10 * SECOND), wanted=st.integers(1, 40))
def test_a_clock_that_is_behind_gets_nothing_for_it(rate: float, back_us: int, wanted: int) -> None:
    _, mark_us = pace(10**6, rate, 0, BEGIN)
    late, now = pace(wanted, rate, mark_us, BEGIN - back_us), pace(wanted, rate, mark_us, BEGIN)
    assert late.granted <= now.granted == 0
    assert late.mark_us == mark_us
