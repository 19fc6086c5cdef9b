from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.lease import EndpointKey
from stampbook.delivery.lanes import IN_FLIGHT_MAX, PACE_FIRST, PACE_MAX, Lanes
from stampbook.values.ids import EndpointId, ProgramId


def key(number: int) -> EndpointKey:
    return EndpointKey(ProgramId("p"), EndpointId(f"{number:03}"))


@given(st.integers(min_value=0, max_value=200))
def test_free_places_are_dealt_evenly(count: int) -> None:
    shares = Lanes().shares([key(number) for number in range(count)])
    assert sum(shares.values()) == min(IN_FLIGHT_MAX, count * PACE_FIRST)
    if shares:
        assert max(shares.values()) - min(shares.values()) <= 1


def test_everybody_has_a_turn_when_there_are_more_lanes_than_places() -> None:
    lanes = Lanes()
    due = [key(number) for number in range(2 * IN_FLIGHT_MAX)]
    assert set(lanes.shares(due)) | set(lanes.shares(due)) == set(due)


def test_success_doubles_the_pace_and_failure_leaves_one() -> None:
    lanes = Lanes()
    paces: list[int] = []
    for delivered in (True, True, True, False, True):
        lanes.start(key(1))
        lanes.finish(key(1), delivered=delivered)
        paces.append(lanes.shares([key(1)])[key(1)])
    assert paces == [8, PACE_MAX, PACE_MAX, 1, 2]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=60))
def test_no_lane_exceeds_its_pace_and_all_together_their_bound(
    steps: list[tuple[int, bool]],
) -> None:
    lanes = Lanes()
    flying: list[EndpointKey] = []
    for number, delivered in steps:
        for one, share in lanes.shares([key(n) for n in range(number)]).items():
            assert 1 <= share <= PACE_MAX
            for _ in range(share):
                lanes.start(one)
                flying.append(one)
        assert lanes.in_flight == len(flying) <= IN_FLIGHT_MAX
        assert all(flying.count(one) <= PACE_MAX for one in flying)
        if flying:
            lanes.finish(flying.pop(0), delivered=delivered)
