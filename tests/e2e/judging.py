"""Judgements: what the callers were told, what the feed says and what arrived are one story."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from stampbook.core.delivery import Ordering
from stampbook.core.lease import order_key_of
from stampbook.delivery.worker import LEASE_MARGIN_MS
from tests.e2e.caller import BAD_REQUEST, MEMBERS_PATH, Answered
from tests.e2e.feed import Fact
from tests.e2e.receivers import CONDUCT, Arrival, Subscriber

HELD_SECONDS = CONDUCT.timeout_seconds + LEASE_MARGIN_MS / 1000 - 1
"""What is left of a lease when a request goes out, at least; clocks may differ a little."""
WHAT = {
    "member.enrolled": ("member", "member_id"),
    "order.recorded": ("order", "order_id"),
    "points.earned": ("transaction", "id"),
    "points.redeemed": ("transaction", "id"),
    "points.refused": ("code",),
    "reward.refused": ("code",),
}
"""Where a fact says what it is about, as an answer says it too."""


def every_answer_has_its_facts(answered: Sequence[Answered], facts: Sequence[Fact]) -> None:
    """What was acknowledged is told once, and nothing that was not."""
    told = Counter(one for each in answered for one in _acknowledged(each))
    assert told == Counter((fact.type, _what(fact)) for fact in facts if fact.type in WHAT)
    for about in {fact.member for fact in facts}:
        numbers = [fact.sequence for fact in facts if fact.member == about]
        assert numbers == list(range(1, len(numbers) + 1)), about


def _what(fact: Fact) -> Hashable:
    place: Any = fact.data
    for name in WHAT[fact.type]:
        place = place[name]
    return place


def _acknowledged(one: Answered) -> Iterable[tuple[str, Hashable]]:
    reply = one.document
    if one.status >= BAD_REQUEST:
        noun = "reward" if one.ask.path.endswith("redemptions") else "points"
        return [(f"{noun}.refused", reply["code"])]
    if one.ask.path == MEMBERS_PATH:
        return [("member.enrolled", reply["member"]["member_id"])]
    stated: list[tuple[str, Hashable]] = []
    if "order" in reply:
        stated.append(("order.recorded", reply["order"]["order_id"]))
    transaction = reply["transaction"]
    if transaction and transaction["status"] == "approved":
        stated.append(("points.earned", transaction["id"]))
    if transaction and transaction["status"] == "redeemed":
        stated.append(("points.redeemed", transaction["id"]))
    return stated


def all_arrived_as_promised(
    subscriber: Subscriber, arrivals: Sequence[Arrival], facts: Sequence[Fact]
) -> None:
    """Nothing is lost, what is repeated is the same, and order is kept where it was promised."""
    due = subscriber.due(facts)
    arrived, wanted = {id_ for one in arrivals for id_ in one.event_ids}, {fact.id for fact in due}
    assert not wanted - arrived, f"{len(wanted - arrived)} were lost"
    assert not arrived - wanted, f"{len(arrived - wanted)} were sent that are not due"
    nothing_was_in_two_hands(arrivals)
    requests = repeated_the_same(arrivals)
    assert sorted(requests) == list(range(1, len(requests) + 1)), "a gap in the numbers"
    carried = Counter(id_ for one in requests.values() for id_ in one.event_ids)
    assert set(carried.values()) == {1}, "an event in two requests"
    if subscriber.dialect == "native":
        assert all(one.event_ids == (one.message.id,) for one in arrivals)
        said = {one.message.id: one.events[0].raw for one in requests.values()}
        assert said == {fact.id: fact.data for fact in due}
    else:
        assert all(len({event.type for event in one.events}) == 1 for one in arrivals)
        assert max(len(one.events) for one in arrivals) > 1, "no batch"
    if subscriber.ordering != "none":
        kept_in_order(arrivals, due, subscriber.ordering)


def repeated_the_same(arrivals: Sequence[Arrival]) -> dict[int, Arrival]:
    """Each request keeps its id, its number and its bytes; give one of each, by number."""
    requests: dict[int, Arrival] = {}
    numbers: dict[str, int] = {}
    for one in arrivals:
        number = one.message.sequence
        assert number is not None
        first = requests.setdefault(number, one)
        assert numbers.setdefault(one.message.id, number) == number
        assert (one.message.id, one.message.source) == (first.message.id, first.message.source)
    return requests


def kept_in_order(arrivals: Sequence[Arrival], due: Sequence[Fact], ordering: Ordering) -> None:
    """Nothing is sent before all that stands in front of it was received."""
    places: dict[str, tuple[str | None, int]] = {}
    passed: Counter[str | None] = Counter()
    for fact in due:
        key = order_key_of(ordering, fact.member)
        places[fact.id] = (key, passed[key])
        passed[key] += 1
    taken: Counter[str | None] = Counter()
    for one in arrivals:
        for id_ in one.event_ids:
            key, place = places[id_]
            assert place <= taken[key], f"{id_} was sent too early"
            taken[key] += one.taken and place == taken[key]


def nothing_was_in_two_hands(arrivals: Sequence[Arrival]) -> None:
    """What was taken comes again only after a lease in which its first sender could send it."""
    taken: dict[str, float] = {}
    for one in arrivals:
        before = taken.get(one.message.id)
        assert before is None or one.at - before >= HELD_SECONDS, "it was sent by two at once"
        if one.taken:
            taken[one.message.id] = one.at


class Again(NamedTuple):
    """How many requests came again: those that were refused, and those that had been taken.

    Shapes: what had been taken comes again only if its sender was killed before it could note it.
    """

    refused: int
    taken: int


def sent_again(arrivals: Sequence[Arrival]) -> Again:
    """Count what came again."""
    taken = Counter(one.message.id for one in arrivals if one.taken)
    return Again(refused=sum(not one.taken for one in arrivals), taken=taken.total() - len(taken))
