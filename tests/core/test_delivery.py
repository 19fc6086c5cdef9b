from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.delivery import (
    RETRY_AFTER_SECONDS_MAX,
    RETRY_DELAYS_SECONDS,
    Conduct,
    Delivered,
    Failed,
    RetryAt,
    Try,
    judge,
    retry_delay_ms,
)

DEFAULT = Conduct()
TRIES = len(RETRY_DELAYS_SECONDS) + 1

fractions = st.floats(min_value=0, max_value=1, exclude_max=True)
early_tries = st.integers(min_value=1, max_value=TRIES - 1)
failing_statuses = st.none() | st.integers(min_value=300, max_value=599)
conducts = st.builds(
    Conduct,
    retry_delays_seconds=st.lists(st.integers(1, 86_400), max_size=20).map(tuple),
    when_stuck=st.sampled_from(["pass", "wait"]),
)


def tried(
    number: int = 1,
    status_code: int | None = 500,
    retry_after: int | None = None,
    *,
    is_trial: bool = False,
) -> Try:
    return Try(
        number=number,
        ended_at_ms=1_000_000,
        status_code=status_code,
        retry_after_seconds=retry_after,
        is_trial=is_trial,
    )


@given(number=st.integers(1, 50), status=st.integers(200, 299), conduct=conducts, at=fractions)
def test_any_2xx_is_delivered(number: int, status: int, conduct: Conduct, at: float) -> None:
    assert judge(tried(number, status), conduct, at) == Delivered()


@given(number=early_tries, status=failing_statuses, at=fractions)
def test_anything_else_is_tried_again_within_a_fifth_of_the_schedule(
    number: int, status: int | None, at: float
) -> None:
    verdict = judge(tried(number, status), DEFAULT, at)
    assert isinstance(verdict, RetryAt)
    base_ms = RETRY_DELAYS_SECONDS[number - 1] * 1000
    assert 0.8 * base_ms <= verdict.due_at_ms - 1_000_000 <= 1.2 * base_ms


@given(status=failing_statuses, number=st.integers(min_value=TRIES, max_value=50), at=fractions)
def test_tries_run_out(status: int | None, number: int, at: float) -> None:
    assert judge(tried(number, status, 60), DEFAULT, at) == Failed()


@given(
    status=failing_statuses,
    number=st.integers(1, 10_000),
    delays=st.lists(st.integers(1, 86_400), min_size=1, max_size=20).map(tuple),
    at=fractions,
)
def test_an_endpoint_that_would_rather_wait_is_tried_for_ever(
    status: int | None, number: int, delays: tuple[int, ...], at: float
) -> None:
    conduct = Conduct(retry_delays_seconds=delays, when_stuck="wait")
    verdict = judge(tried(number, status), conduct, at)
    assert isinstance(verdict, RetryAt)
    assert verdict.counts


@given(status=failing_statuses, number=st.integers(1, 100), conduct=conducts, at=fractions)
def test_a_trial_costs_no_try(status: int | None, number: int, conduct: Conduct, at: float) -> None:
    verdict = judge(tried(number, status, is_trial=True), conduct, at)
    assert verdict == RetryAt(1_000_000, counts=False)


@given(number=early_tries, seconds=st.integers(min_value=-10, max_value=10**9), at=fractions)
def test_retry_after_moves_a_try_later_never_earlier_and_at_most_by_a_day(
    number: int, seconds: int, at: float
) -> None:
    verdict = judge(tried(number, 429, seconds), DEFAULT, at)
    assert isinstance(verdict, RetryAt)
    scheduled_ms = retry_delay_ms(RETRY_DELAYS_SECONDS, number, at)
    asked_ms = min(seconds, RETRY_AFTER_SECONDS_MAX) * 1000
    assert verdict.due_at_ms - 1_000_000 == max(scheduled_ms, asked_ms)


def test_the_default_schedule_is_the_one_that_is_promised() -> None:
    minute, hour = 60, 3600
    expected = (5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour)
    assert expected == RETRY_DELAYS_SECONDS


def test_the_jitter_is_centred_on_the_schedule() -> None:
    assert retry_delay_ms(RETRY_DELAYS_SECONDS, 1, 0.0) == 4_000
    assert retry_delay_ms(RETRY_DELAYS_SECONDS, 1, 0.5) == 5_000
    assert retry_delay_ms(RETRY_DELAYS_SECONDS, 7, 0.5) == 10 * 3600 * 1000
