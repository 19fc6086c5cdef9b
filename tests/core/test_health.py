"""Health, after any answers, is what the words say, and climbs back by one state at a time."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stampbook.core.health import Answer, Health, activated, after, told
from tests.delivery.simulated.naive_health import NaiveHealth, news

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
BEGIN = 1_767_225_600_000
STATES = ("healthy", "degraded", "suspended")

gaps = st.one_of(st.integers(0, 4_000), st.integers(0, 2 * HOUR), st.integers(0, 4 * DAY))
long_gaps = st.sampled_from((900, 4_000, HOUR, DAY, DAY, 3 * DAY))
bad_statuses = st.sampled_from((None, 302, 401, 403, 404, 410, 429, 500, 503))
statuses = st.one_of(bad_statuses, bad_statuses, st.integers(200, 299))
waits = st.sampled_from((None, None, 0, 1, 90, 10**6))


@st.composite
def answers(
    draw: st.DrawFn,
    gaps_ms: st.SearchStrategy[int] = gaps,
    answer_statuses: st.SearchStrategy[int | None] = statuses,
    min_size: int = 0,
) -> list[Answer]:
    """Give answers by when they ended, some of a request that started long before."""
    ended_at_ms, given_answers = BEGIN, list[Answer]()
    shapes = st.tuples(gaps_ms, st.sampled_from((5, 5, 15_000)), answer_statuses, waits)
    for gap_ms, took_ms, status, wait in draw(st.lists(shapes, min_size=min_size, max_size=60)):
        ended_at_ms += gap_ms
        given_answers.append(
            Answer(
                started_at_ms=ended_at_ms - took_ms,
                ended_at_ms=ended_at_ms,
                status_code=status,
                retry_after_seconds=wait,
            )
        )
    return given_answers


def failed(at_ms: int, status_code: int | None = 500, wait: int | None = None) -> Answer:
    return Answer(
        started_at_ms=at_ms, ended_at_ms=at_ms, status_code=status_code, retry_after_seconds=wait
    )


def received(at_ms: int) -> Answer:
    return failed(at_ms, 204)


def history(some: Sequence[Answer], first: Health = Health()) -> list[Health]:  # noqa: B008 - frozen
    """Give what an endpoint was before the first answer, and after each."""
    states = [first]
    for one in some:
        states.append(after(states[-1], one))
    return states


downfalls = answers(long_gaps, bad_statuses, min_size=20)
falls = answers(answer_statuses=bad_statuses)
healths = st.one_of(answers(), falls, downfalls).map(lambda some: history(some)[-1])
later = st.integers(BEGIN + 60 * 4 * DAY + 1, BEGIN + 300 * DAY)


@given(some=st.one_of(answers(), downfalls))
def test_health_is_what_a_naive_model_makes_of_the_same_answers(some: list[Answer]) -> None:
    naive = NaiveHealth()
    for (before, now), one in zip(pairwise(history(some)), some, strict=True):
        state, was_warned = naive.state, naive.warned is not None
        naive.hear(one.started_at_ms, one.ended_at_ms, one.status_code, one.retry_after_seconds)
        known = (naive.state, naive.row, naive.strangers, naive.pause_until, naive.warned)
        assert known == (
            now.state, now.failures, now.refusals, now.pause_until_ms, now.warned_at_ms
        )  # fmt: skip
        assert naive.is_spotless == now.is_clean
        assert news(state, was_warned, naive) == told(before, now)


@given(some=downfalls)
def test_a_fall_goes_one_state_at_a_time_unless_it_refuses_us(some: list[Answer]) -> None:
    for (before, now), one in zip(pairwise(history(some)), some, strict=True):
        if before.state == "healthy" and now.state == "suspended":
            assert one.status_code in {401, 403, 410}
        if now.state == "disabled":
            assert before.state in {"suspended", "disabled"}


@given(some=st.one_of(answers(), downfalls))
def test_nobody_is_disabled_but_a_day_after_a_warning_and_a_week_of_suspension(
    some: list[Answer],
) -> None:
    suspended_ms = warned_ms = 0
    for (before, now), one in zip(pairwise(history(some)), some, strict=True):
        facts = told(before, now)
        if "endpoint.suspended" in facts:
            suspended_ms = one.ended_at_ms
        if "endpoint.warned" in facts:
            warned_ms = one.ended_at_ms
            assert now.state == "suspended"
            assert warned_ms - suspended_ms >= 6 * DAY
        if "endpoint.disabled" in facts:
            assert before.warned_at_ms == warned_ms
            assert one.ended_at_ms - warned_ms >= DAY
            assert one.ended_at_ms - suspended_ms >= 7 * DAY


@given(health=healths, at_ms=later)
def test_a_410_suspends_at_once(health: Health, at_ms: int) -> None:
    now = after(health, failed(at_ms, 410))
    if health.state in {"healthy", "degraded"}:
        assert now == Health(state="suspended", since_ms=at_ms, pause_until_ms=at_ms + 30_000)
    else:
        assert now.state in {health.state, "disabled"}


@given(health=healths, at_ms=later)
def test_a_success_lifts_by_one_state_and_forgets_the_rest(health: Health, at_ms: int) -> None:
    now = after(health, received(at_ms))
    if health.state == "disabled":
        assert now == health
    else:
        assert STATES.index(now.state) == max(0, STATES.index(health.state) - 1)
        assert now == Health(state=now.state, since_ms=now.since_ms)
        assert now.is_clean == (now.state == "healthy")


@given(health=healths, at_ms=later)
def test_two_successes_heal_whoever_is_not_disabled(health: Health, at_ms: int) -> None:
    now = history([received(at_ms), received(at_ms + 1)], health)[-1]
    assert now.state == ("disabled" if health.state == "disabled" else "healthy")


@given(health=healths, status=bad_statuses, wait=waits, at_ms=later)
def test_a_pause_is_as_long_as_the_state_or_the_receiver_asks_and_at_most_an_hour(
    health: Health, status: int | None, wait: int | None, at_ms: int
) -> None:
    now = after(health, failed(at_ms, status, wait))
    if health.state == "disabled":
        assert now == health
        return
    pause_ms = max(0, now.pause_until_ms - at_ms)
    least_ms = {"healthy": 0, "degraded": 1_000, "suspended": 30_000, "disabled": 0}[now.state]
    asked_ms = min((wait or 0) * 1_000, HOUR) if status in {429, 503} else 0
    assert max(least_ms, asked_ms) <= pause_ms <= HOUR
    if now.state in {"healthy", "disabled"}:
        assert pause_ms == asked_ms
    if now.state == "degraded":
        assert pause_ms <= max(30_000, asked_ms)


@given(health=healths, before_ms=st.integers(1, DAY), at_ms=later, status=bad_statuses)
def test_what_was_sent_before_a_fall_tells_nothing_after_it(
    health: Health, before_ms: int, at_ms: int, status: int | None
) -> None:
    if health.state != "healthy":
        late = replace(failed(at_ms, status), started_at_ms=health.since_ms - before_ms)
        assert after(health, late) == health


@given(some=downfalls, at_ms=later)
def test_only_who_was_disabled_is_activated_and_has_to_climb(
    some: list[Answer], at_ms: int
) -> None:
    health = history(some)[-1]
    now = activated(health, at_ms)
    if health.state == "disabled":
        assert now == Health(state="degraded", since_ms=at_ms)
        assert after(now, received(at_ms + 1)).is_clean
    else:
        assert now == health


def test_an_endpoint_that_never_answers_falls_in_the_promised_time() -> None:
    """Tried whenever its pause is over, from one failure after another in a second's distance."""
    health, at_ms, facts = Health(), BEGIN, list[tuple[str, int]]()
    while health.state != "disabled":
        at_ms = max(at_ms + 1_000, health.pause_until_ms)
        before, health = health, after(health, failed(at_ms, None))
        facts += [(name, at_ms - BEGIN) for name in told(before, health)]
    assert [name for name, _ in facts] == [
        "endpoint.degraded", "endpoint.suspended", "endpoint.warned", "endpoint.disabled"
    ]  # fmt: skip
    degraded_ms, suspended_ms, warned_ms, disabled_ms = (at for _, at in facts)
    assert degraded_ms == 6_000  # the sixth: five took less than five seconds
    assert suspended_ms - degraded_ms == 1_000 * (1 + 1 + 2 + 4 + 8 + 16 + 30 + 30)
    assert 6 * DAY <= warned_ms - suspended_ms <= 6 * DAY + HOUR
    assert DAY <= disabled_ms - warned_ms <= DAY + HOUR


def test_answers_that_it_does_not_know_us_suspend_only_in_a_row() -> None:
    row = [failed(BEGIN + at, status) for at, status in enumerate((401, 403, 500, 403, 401))]
    assert history(row)[-1].state == "healthy"
    assert after(history(row)[-1], failed(BEGIN + 9, 401)).state == "suspended"
