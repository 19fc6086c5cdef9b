from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.delivery import (
    RETRY_AFTER_SECONDS_MAX,
    RETRY_DELAYS_SECONDS,
    TRIES_MAX,
    Delivered,
    Failed,
    RetryAt,
    Try,
    judge,
    retry_delay_ms,
)

fractions = st.floats(min_value=0, max_value=1, exclude_max=True)
early_tries = st.integers(min_value=1, max_value=TRIES_MAX - 1)
failing_statuses = st.none() | st.integers(min_value=300, max_value=599).filter(lambda s: s != 410)


def tried(number: int = 1, status_code: int | None = 500, retry_after: int | None = None) -> Try:
    return Try(
        number=number,
        ended_at_ms=1_000_000,
        status_code=status_code,
        retry_after_seconds=retry_after,
    )


@given(number=st.integers(min_value=1, max_value=50), status=st.integers(200, 299), at=fractions)
def test_any_2xx_is_delivered(number: int, status: int, at: float) -> None:
    assert judge(tried(number, status), at) == Delivered()


@given(number=st.integers(min_value=1, max_value=50), at=fractions)
def test_410_fails_for_good_and_the_endpoint_is_gone(number: int, at: float) -> None:
    assert judge(tried(number, 410), at) == Failed(endpoint_gone=True)


@given(number=early_tries, status=failing_statuses, at=fractions)
def test_anything_else_is_tried_again_within_a_fifth_of_the_schedule(
    number: int, status: int | None, at: float
) -> None:
    verdict = judge(tried(number, status), at)
    assert isinstance(verdict, RetryAt)
    base_ms = RETRY_DELAYS_SECONDS[number - 1] * 1000
    assert 0.8 * base_ms <= verdict.due_at_ms - 1_000_000 <= 1.2 * base_ms


@given(status=failing_statuses, number=st.integers(min_value=TRIES_MAX, max_value=50), at=fractions)
def test_tries_run_out(status: int | None, number: int, at: float) -> None:
    assert judge(tried(number, status, 60), at) == Failed(endpoint_gone=False)


@given(number=early_tries, seconds=st.integers(min_value=-10, max_value=10**9), at=fractions)
def test_retry_after_moves_a_try_later_never_earlier_and_at_most_by_a_day(
    number: int, seconds: int, at: float
) -> None:
    verdict = judge(tried(number, 429, seconds), at)
    assert isinstance(verdict, RetryAt)
    scheduled_ms = retry_delay_ms(number, at)
    asked_ms = min(seconds, RETRY_AFTER_SECONDS_MAX) * 1000
    assert verdict.due_at_ms - 1_000_000 == max(scheduled_ms, asked_ms)


def test_the_whole_schedule_lasts_about_three_days() -> None:
    hours = sum(RETRY_DELAYS_SECONDS) / 3600
    assert TRIES_MAX == 10
    assert 72 <= hours <= 78


def test_the_jitter_is_centred_on_the_schedule() -> None:
    assert retry_delay_ms(1, 0.0) == 4_000
    assert retry_delay_ms(1, 0.5) == 5_000
    assert retry_delay_ms(9, 0.5) == 24 * 3600 * 1000
