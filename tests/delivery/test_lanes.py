from collections import Counter, deque

from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.lease import DueLane, EndpointKey, Leased
from stampbook.delivery.lanes import (
    DECK_FACTOR,
    DECK_MAX,
    HANDLES_MAX,
    IN_FLIGHT_MAX,
    PACE_FIRST,
    YOUNG_SECONDS,
    Lanes,
)
from stampbook.values.ids import EndpointId, ProgramId, RequestId

MOST = 32


def due(number: int, most: int = MOST) -> DueLane:
    return DueLane(EndpointKey(ProgramId("p"), EndpointId(f"{number:04}")), most)


class Road:
    """Lanes, and leases to put on them."""

    def __init__(self) -> None:
        self.lanes = Lanes()
        self.count = 0

    def lease(self, number: int, order_key: str | None = None) -> Leased:
        self.count += 1
        return Leased(
            endpoint=due(number).endpoint,
            url="",
            dialect="native",
            secrets="",
            order_key=order_key,
            lease_id=f"lease-{self.count}",
            until_ms=0,
            due_at_ms=0,
            request_id=RequestId(""),
            sequence=self.count,
            number=1,
            delivery_ids=(),
            facts=(),
        )

    def stock(self, lined: list[DueLane]) -> dict[EndpointKey, int]:
        """Lease all that is dealt."""
        shares = self.lanes.shares(lined)
        for one, share in shares.items():
            for _ in range(share):
                self.lanes.put(self.lease(int(one.endpoint_id)))
        return shares

    def fly(self, at: float = 0.0) -> list[Leased]:
        """Send all that may go."""
        return self.lanes.depart(at)


@given(st.integers(min_value=0, max_value=200))
def test_what_may_be_leased_is_dealt_evenly(count: int) -> None:
    shares = Lanes().shares([due(number) for number in range(count)])
    assert sum(shares.values()) == min(DECK_MAX, count * PACE_FIRST * DECK_FACTOR)
    if shares:
        assert max(shares.values()) - min(shares.values()) <= 1


@given(st.lists(st.integers(min_value=1, max_value=6), max_size=200), st.integers(0, DECK_MAX))
def test_what_is_dealt_at_once_is_what_one_by_one_comes_to(mosts: list[int], held: int) -> None:
    road = Road()
    road.stock([due(999, DECK_MAX)])
    road.lanes.on_deck = held
    lined = [due(number, most) for number, most in enumerate(mosts)]
    left = {
        one.endpoint: one.in_flight_max * DECK_FACTOR
        if 1 < one.in_flight_max < PACE_FIRST
        else PACE_FIRST * DECK_FACTOR
        if one.in_flight_max > 1
        else 1
        for one in lined
    }
    naive = Counter[EndpointKey]()
    turns = deque(one.endpoint for one in lined)
    while turns and naive.total() < DECK_MAX - held:
        endpoint = turns.popleft()
        if naive[endpoint] < left[endpoint]:
            naive[endpoint] += 1
            turns.append(endpoint)
    assert road.lanes.shares(lined) == {key: count for key, count in naive.items() if count}


@given(st.integers(min_value=1, max_value=100))
def test_places_are_given_to_the_lanes_in_turn(count: int) -> None:
    road = Road()
    road.stock([due(number) for number in range(count)])
    flying = Counter(leased.endpoint for leased in road.fly())
    assert sum(flying.values()) == min(IN_FLIGHT_MAX, count * PACE_FIRST)
    assert max(flying.values()) - min(flying.values()) <= 1
    assert len(flying) == min(count, IN_FLIGHT_MAX)


def test_everybody_has_a_turn_when_there_are_more_lanes_than_may_be_leased() -> None:
    lanes = Lanes()
    lined = [due(number) for number in range(2 * DECK_MAX)]
    assert set(lanes.shares(lined)) | set(lanes.shares(lined)) == {one.endpoint for one in lined}


def paces_after(*answers: tuple[str, int], most: int = MOST) -> list[int]:
    """Give how many go at once after each answer of an endpoint."""
    road, paces = Road(), list[int]()
    for answer, duration_ms in answers:
        road.stock([due(1, most)])
        flying = road.fly()
        if answer == "ok":
            road.lanes.succeed(flying[0], duration_ms)
        else:
            road.lanes.fail(flying[0], was_answered=answer == "bad")
        for leased in flying[1:]:
            road.lanes.succeed(leased, 10**9)  # so slow that it changes nothing
        road.lanes.clear()
        road.stock([due(1, most)])
        again = road.fly()
        paces.append(len(again))
        for leased in again:
            road.lanes.succeed(leased, 10**9)
        road.lanes.clear()
    return paces


def test_the_pace_grows_with_quick_successes_up_to_what_the_endpoint_allows() -> None:
    assert paces_after(*[("ok", 10)] * 40) == [min(PACE_FIRST + 1 + n, MOST) for n in range(40)]
    assert paces_after(("ok", 10), ("ok", 10), most=1) == [1, 1]


def test_slow_successes_leave_the_pace_as_it_is() -> None:
    assert paces_after(("ok", 10), ("ok", 500), ("ok", 500)) == [PACE_FIRST + 1] * 3


def test_a_failure_halves_the_pace_no_answer_leaves_one_and_it_grows_slowly_after() -> None:
    grown = paces_after(*[("ok", 1)] * 12, ("bad", 1), *[("ok", 1)] * 9, ("none", 1), ("ok", 1))
    assert grown[11:13] == [16, 8]
    assert grown[-4:] == [8, 9, 1, 2]


def test_requests_that_hang_stay_in_their_lanes_and_take_nobody_elses_place() -> None:
    road = Road()
    road.stock([due(number) for number in range(IN_FLIGHT_MAX // PACE_FIRST)])
    assert len(road.fly(0.0)) == IN_FLIGHT_MAX
    road.stock([due(999)])
    assert road.fly(YOUNG_SECONDS / 2) == []
    served = road.fly(YOUNG_SECONDS)
    assert [leased.endpoint for leased in served] == [due(999).endpoint] * PACE_FIRST
    assert road.lanes.in_flight == IN_FLIGHT_MAX + PACE_FIRST


def test_a_lane_that_only_waits_for_slow_answers_has_no_deck_until_one_is_quick() -> None:
    road = Road()
    road.stock([due(1)])
    flying = road.fly(0.0)
    assert road.lanes.on_deck == PACE_FIRST * (DECK_FACTOR - 1)
    assert road.fly(YOUNG_SECONDS) == []
    assert len(road.lanes.unload()) == PACE_FIRST * (DECK_FACTOR - 1)
    assert road.lanes.unload() == []
    assert road.lanes.on_deck == 0
    road.lanes.succeed(flying[0], 2_000)
    assert road.stock([due(1)]) == {due(1).endpoint: 2}  # its pace has grown by one
    again = road.fly(2 * YOUNG_SECONDS)
    assert len(again) == 2
    road.lanes.succeed(again[0], 10)
    assert road.stock([due(1)])[due(1).endpoint] > PACE_FIRST


def test_what_was_granted_its_instant_is_not_leased_to_wait_on_deck() -> None:
    lined = [due(1)._replace(is_paced=True)]
    road = Road()
    assert road.stock(lined) == {due(1).endpoint: PACE_FIRST}
    (first, *_) = road.fly()
    assert road.stock(lined) == {}
    assert road.lanes.leave(first) == []
    assert road.stock(lined) == {due(1).endpoint: 1}


def test_one_of_an_order_key_is_on_its_way_and_the_next_goes_when_it_has_arrived() -> None:
    road = Road()
    road.lanes.shares([due(1)])
    ann, ann2, ben, ann3 = (road.lease(1, key) for key in ("ann", "ann", "ben", "ann"))
    for leased in (ann, ann2, ben, ann3):
        road.lanes.put(leased)
    assert road.fly() == [ann, ben]
    road.lanes.succeed(ben, 1)
    assert road.fly() == []
    road.lanes.succeed(ann, 1)
    assert road.fly() == [ann2]
    assert road.lanes.fail(ann2, was_answered=True) == [ann3]
    assert road.fly() == []


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["ok", "bad", "none"]), st.integers(0, 3)),
        max_size=60,
    )
)
def test_no_lane_exceeds_its_pace_and_all_together_their_bounds(
    steps: list[tuple[int, str, int]],
) -> None:
    road, at = Road(), 0.0
    flying: list[tuple[Leased, float]] = []
    held = 0
    for lined, answer, seconds in steps:
        at += seconds
        held += sum(road.stock([due(number) for number in range(lined)]).values())
        flying += [(leased, at) for leased in road.fly(at)]
        held -= len(road.lanes.unload())
        young = [leased for leased, since in flying if since > at - YOUNG_SECONDS]
        assert len(young) <= IN_FLIGHT_MAX
        assert road.lanes.in_flight == len(flying) <= HANDLES_MAX
        assert road.lanes.on_deck + len(flying) == held
        assert road.lanes.on_deck <= DECK_MAX
        by_lane = Counter(leased.endpoint for leased, _ in flying)
        assert all(count <= MOST for count in by_lane.values())
        if flying:
            leased, _ = flying.pop(0)
            held -= 1
            if answer == "ok":
                road.lanes.succeed(leased, 1)
            else:
                held -= len(road.lanes.fail(leased, was_answered=answer == "bad"))
