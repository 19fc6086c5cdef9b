from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.lease import DueLane, EndpointKey
from stampbook.delivery.lanes import (
    HANDLES_MAX,
    IN_FLIGHT_MAX,
    PACE_FIRST,
    YOUNG_SECONDS,
    Lanes,
)
from stampbook.values.ids import EndpointId, ProgramId

MOST = 32


def due(number: int, most: int = MOST) -> DueLane:
    return DueLane(EndpointKey(ProgramId("p"), EndpointId(f"{number:03}")), most)


def send(lanes: Lanes, number: int, count: int, at: float = 0.0) -> list[str]:
    leases = [f"{number}-{at}-{index}" for index in range(count)]
    for lease in leases:
        lanes.start(lease, due(number).endpoint, at)
    return leases


@given(st.integers(min_value=0, max_value=200))
def test_free_places_are_dealt_evenly(count: int) -> None:
    shares = Lanes().shares([due(number) for number in range(count)], 0.0)
    assert sum(shares.values()) == min(IN_FLIGHT_MAX, count * PACE_FIRST)
    if shares:
        assert max(shares.values()) - min(shares.values()) <= 1


def test_everybody_has_a_turn_when_there_are_more_lanes_than_places() -> None:
    lanes = Lanes()
    lined = [due(number) for number in range(2 * IN_FLIGHT_MAX)]
    turns = set(lanes.shares(lined, 0.0)) | set(lanes.shares(lined, 0.0))
    assert turns == {lane.endpoint for lane in lined}


def test_the_pace_grows_with_quick_successes_up_to_what_the_endpoint_allows() -> None:
    lanes, paces = Lanes(), list[int]()
    for _ in range(40):
        (lease,) = send(lanes, 1, 1)
        lanes.succeed(lease, 10, MOST)
        paces.append(lanes.shares([due(1)], 0.0)[due(1).endpoint])
    assert paces == [min(PACE_FIRST + 1 + step, MOST) for step in range(40)]
    assert lanes.shares([due(1, 1)], 0.0) == {due(1).endpoint: 1}


def test_slow_successes_leave_the_pace_as_it_is() -> None:
    lanes = Lanes()
    for duration_ms in (10, 500, 500, 500):
        (lease,) = send(lanes, 1, 1)
        lanes.succeed(lease, duration_ms, MOST)
    assert lanes.shares([due(1)], 0.0) == {due(1).endpoint: PACE_FIRST + 1}


def test_a_failure_halves_the_pace_no_answer_leaves_one_and_it_grows_slowly_after() -> None:
    lanes = Lanes()
    for _ in range(12):
        (lease,) = send(lanes, 1, 1)
        lanes.succeed(lease, 1, MOST)
    (lease,) = send(lanes, 1, 1)
    lanes.fail(lease, was_answered=True)
    assert lanes.shares([due(1)], 0.0) == {due(1).endpoint: 8}
    for _ in range(9):
        (lease,) = send(lanes, 1, 1)
        lanes.succeed(lease, 1, MOST)
    assert lanes.shares([due(1)], 0.0) == {due(1).endpoint: 9}
    (lease,) = send(lanes, 1, 1)
    lanes.fail(lease, was_answered=False)
    assert lanes.shares([due(1)], 0.0) == {due(1).endpoint: 1}


def test_requests_that_hang_stay_in_their_lanes_and_take_nobody_elses_place() -> None:
    lanes = Lanes()
    hung = [due(number) for number in range(IN_FLIGHT_MAX // PACE_FIRST)]
    for one, share in lanes.shares(hung, 0.0).items():
        for index in range(share):
            lanes.start(f"{one.endpoint_id}-{index}", one, 0.0)
    healthy = due(999)
    assert lanes.shares([*hung, healthy], 0.5) == {}
    assert lanes.shares([*hung, healthy], YOUNG_SECONDS) == {healthy.endpoint: PACE_FIRST}
    assert lanes.in_flight == IN_FLIGHT_MAX


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["ok", "bad", "none"]), st.integers(0, 3)),
        max_size=60,
    )
)
def test_no_lane_exceeds_its_pace_and_all_together_their_bounds(
    steps: list[tuple[int, str, int]],
) -> None:
    lanes, at, number = Lanes(), 0.0, 0
    flying: list[tuple[str, EndpointKey, float]] = []
    for lined, answer, seconds in steps:
        at += seconds
        for one, share in lanes.shares([due(n) for n in range(lined)], at).items():
            assert 1 <= share <= MOST
            for _ in range(share):
                number += 1
                lanes.start(str(number), one, at)
                flying.append((str(number), one, at))
        young = [lease for lease in flying if lease[2] > at - YOUNG_SECONDS]
        assert len(young) <= IN_FLIGHT_MAX
        assert lanes.in_flight == len(flying) <= HANDLES_MAX
        assert all(sum(key == one for _, key, _ in flying) <= MOST for _, one, _ in flying)
        if flying:
            lease, _, _ = flying.pop(0)
            if answer == "ok":
                lanes.succeed(lease, 1, MOST)
            else:
                lanes.fail(lease, was_answered=answer == "bad")
