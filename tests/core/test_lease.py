"""Grouping: what travels together is of one kind, in order, and whatever is due goes."""

from collections.abc import Sequence
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from stampbook.core.lease import Batching, Waiting, group
from stampbook.dialects import StoredFact
from stampbook.values.ids import FactId, RequestId
from stampbook.values.instants import from_ms

NOW = 1_767_225_600_000
WAIT_MS = 10_000


class Kind(Struct, frozen=True):
    """What deliveries are alike in, if one was drawn; `again` were one request before."""

    order_key: str | None
    fact_type: str
    cause: str
    due_ms: int
    count: int
    again: bool


def kinds(order_keys: Sequence[str | None]) -> st.SearchStrategy[Kind]:
    return st.builds(
        Kind,
        order_key=st.sampled_from(order_keys),
        fact_type=st.sampled_from(("points.earned", "points.expired")),
        cause=st.sampled_from(("one", "two")),
        due_ms=st.integers(-3, 2).map(lambda steps: NOW + steps * 1_000),
        count=st.integers(1, 4),
        again=st.booleans(),
    )


@st.composite
def queues(draw: st.DrawFn) -> list[Waiting]:
    """Give what waits as the store does: by position where order is kept, else by what is due."""
    order_keys = draw(st.sampled_from(([None], ["ann", "ben", "cid"], [""], ["", None, "ann"])))
    deliveries: list[Waiting] = []
    for number, kind in enumerate(draw(st.lists(kinds(order_keys), max_size=14))):
        for _ in range(kind.count):
            position = len(deliveries)
            deliveries.append(
                Waiting(
                    id=f"delivery {position}",
                    fact=a_fact(position, kind),
                    position=position,
                    attempts=0,
                    due_at_ms=min(kind.due_ms, NOW) if kind.again else kind.due_ms,
                    request_id=RequestId(f"request {number}") if kind.again else None,
                    order_key=kind.order_key,
                    sequence=number if kind.again else None,
                )
            )
    return deliveries if order_keys != [None] else sorted(deliveries, key=lambda d: d.due_at_ms)


def a_fact(position: int, kind: Kind) -> StoredFact:
    return StoredFact(
        id=FactId(f"fact {position}"),
        type=kind.fact_type,
        cause=kind.cause,
        occurred_at=from_ms(NOW),
        recorded_at=from_ms(NOW),
        body="{}",
    )


batchings = st.builds(Batching, size=st.integers(1, 5), wait_ms=st.sampled_from((0, WAIT_MS)))


def alike(delivery: Waiting, batching: Batching) -> tuple[str, ...]:
    """Give what those that travel together have in common."""
    if delivery.request_id is not None:
        return "again", delivery.request_id
    cause = () if batching.wait_ms else (delivery.fact.cause,)
    return "new", delivery.fact.type, *cause


def pieces(some: Sequence[Waiting], batching: Batching) -> list[list[Waiting]]:
    """Cut what is alike into requests."""
    if some[0].request_id is not None:
        return [list(some)]
    return [list(some[at : at + batching.size]) for at in range(0, len(some), batching.size)]


def may_go(request: Sequence[Waiting], batching: Batching) -> bool:
    return any(one.due_at_ms <= NOW for one in request) or len(request) == batching.size


def naive(queue: Sequence[Waiting], batching: Batching) -> list[list[Waiting]]:
    """Give the requests that are ready, in no order."""
    ready: list[list[Waiting]] = []
    free = [one for one in queue if one.order_key is None]
    for key in {alike(one, batching) for one in free}:
        some = [one for one in free if alike(one, batching) == key]
        ready += [piece for piece in pieces(some, batching) if may_go(piece, batching)]
    for order_key in {one.order_key for one in queue} - {None}:
        ordered = [one for one in queue if one.order_key == order_key]
        runs = [list(run) for _, run in groupby(ordered, lambda one: alike(one, batching))]
        for piece in (piece for run in runs for piece in pieces(run, batching)):
            if not may_go(piece, batching):
                break
            ready.append(piece)
    return ready


def ids(requests: Sequence[Sequence[Waiting]]) -> list[tuple[str, ...]]:
    return [tuple(one.id for one in request) for request in requests]


@given(queue=queues(), batching=batchings)
def test_requests_are_those_of_a_naive_model(queue: list[Waiting], batching: Batching) -> None:
    assert sorted(ids(group(queue, batching, NOW))) == sorted(ids(naive(queue, batching)))


@given(queue=queues(), batching=batchings)
def test_a_request_is_of_one_kind_and_no_larger_than_a_batch(
    queue: list[Waiting], batching: Batching
) -> None:
    for request in group(queue, batching, NOW):
        assert len({one.order_key for one in request}) == 1
        assert len({one.request_id for one in request}) == 1
        assert len({one.fact.type for one in request}) == 1
        if request[0].request_id is None:
            assert len(request) <= batching.size
            assert batching.wait_ms or len({one.fact.cause for one in request}) == 1


@given(queue=queues(), batching=batchings)
def test_a_repeated_request_has_what_it_had(queue: list[Waiting], batching: Batching) -> None:
    for request in group(queue, batching, NOW):
        request_id = request[0].request_id
        if request_id is not None:
            assert request == [one for one in queue if one.request_id == request_id]


@given(queue=queues(), batching=batchings)
def test_an_order_is_kept_within_requests_and_from_one_to_the_next(
    queue: list[Waiting], batching: Batching
) -> None:
    requests = group(queue, batching, NOW)
    for request in requests:
        assert request == [one for one in queue if one in request]
    for order_key in {one.order_key for one in queue} - {None}:
        ordered = [one for one in queue if one.order_key == order_key]
        sent = [one for request in requests for one in request if one.order_key == order_key]
        assert sent == ordered[: len(sent)]


@given(queue=queues(), batching=batchings)
def test_the_longest_due_goes_first_behind_what_it_must_follow(
    queue: list[Waiting], batching: Batching
) -> None:
    last: dict[str, int] = {}
    ranks: list[int] = []
    for request in group(queue, batching, NOW):
        rank = min(one.due_at_ms for one in request)
        order_key = request[0].order_key
        if order_key is not None:
            rank = last[order_key] = max(rank, last.get(order_key, rank))
        ranks.append(rank)
    assert ranks == sorted(ranks)


@given(queue=queues(), batching=batchings)
def test_whatever_is_due_and_follows_nothing_goes(queue: list[Waiting], batching: Batching) -> None:
    gone = {one.id for request in group(queue, batching, NOW) for one in request}
    heads: set[str] = set()
    for one in queue:
        is_head = one.order_key not in heads
        if one.order_key is not None:
            heads.add(one.order_key)
        assert one.id in gone or not is_head or one.due_at_ms > NOW
