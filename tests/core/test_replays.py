"""Replays, decided: how much a piece may do, where a time begins, and which turns there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.replays import (
    DISORDER_MS,
    Limits,
    Recorded,
    Replay,
    ReplayState,
    Turn,
    Wish,
    allowance,
    last_before,
    mark_after,
    turned,
)
from stampbook.values.ids import EndpointId

SECOND_US = 1_000_000


def replay(per_second: float | None = None, mark_us: int = 0) -> Replay:
    return Replay(
        id="r",
        endpoint_id=EndpointId("e"),
        kind="replay",
        state="running",
        wish=Wish(per_second=per_second),
        cursor=0,
        mark_us=mark_us,
        created_at_ms=0,
        updated_at_ms=0,
    )


@given(
    gaps=st.lists(
        st.tuples(st.integers(1, 1 << 22), st.integers(-DISORDER_MS // 2, 3 * DISORDER_MS)),
        max_size=60,
    ),
    at=st.integers(0, 60 * DISORDER_MS),
    low=st.integers(0, 1 << 20),
)
def test_a_time_is_found_among_facts_recorded_a_little_out_of_order(
    gaps: list[tuple[int, int]], at: int, low: int
) -> None:
    facts: list[Recorded] = []
    position, latest = low, 10 * DISORDER_MS
    for step, later in gaps:
        position += step
        at_ms = latest + later if later >= 0 else max(0, latest + later)
        latest = max(latest, at_ms)
        facts.append(Recorded(position, at_ms))
    high = position

    def first_from(wanted: int) -> Recorded | None:
        return next((fact for fact in facts if fact.position >= wanted), None)

    found = last_before(first_from, low, high, at)
    assert low <= found <= high
    assert all(fact.at_ms < at for fact in facts if fact.position <= found)
    behind = [fact for fact in facts if fact.position > found]
    assert not behind or behind[0].at_ms >= at - DISORDER_MS
    until = last_before(first_from, low, high, at + 2 * DISORDER_MS)
    assert all(fact.at_ms >= at for fact in facts if fact.position > until)


def test_a_piece_adds_no_more_than_may_wait() -> None:
    limits = Limits(waiting=10, piece=4)
    allowed = [allowance(replay(), waiting, limits, 0) for waiting in (0, 5, 7, 10, 11)]
    assert allowed == [4, 4, 3, 0, 0]


def test_a_pace_holds_over_pieces_and_over_requests_that_go_whole() -> None:
    limits = Limits()
    one = replay(per_second=10, mark_us=5 * SECOND_US)
    assert allowance(one, 0, limits, 5 * SECOND_US) == 10
    mark_us = mark_after(one, 25, 5 * SECOND_US)
    assert mark_us == 5 * SECOND_US + 25 * SECOND_US // 10
    later = replay(per_second=10, mark_us=mark_us)
    assert allowance(later, 0, limits, 6 * SECOND_US) == 0
    assert allowance(later, 0, limits, 7 * SECOND_US) == 5
    assert mark_after(later, 0, 9 * SECOND_US) == mark_us
    assert mark_after(replay(), 5, 9 * SECOND_US) == 0


@pytest.mark.parametrize(
    ("turn", "states"),
    [
        ("pause", {"running": "paused", "paused": "paused"}),
        ("resume", {"running": "running", "paused": "running"}),
        ("cancel", {"running": "cancelled", "paused": "cancelled", "cancelled": "cancelled"}),
    ],
)
def test_what_is_over_stays_so(turn: Turn, states: dict[ReplayState, ReplayState]) -> None:
    known: tuple[ReplayState, ...] = ("running", "paused", "finished", "cancelled")
    assert {state: turned(state, turn) for state in known} == {
        state: states.get(state) for state in known
    }
