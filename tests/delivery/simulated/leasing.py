"""What is promised of a lease: what may be in it, what it must not pass, and how often."""

from collections import Counter
from collections.abc import Container

from stampbook.core.lease import Leased
from tests.delivery.simulated.promise import must
from tests.delivery.simulated.shelf import Hold, Parcel, Shelf


def is_allowed(shelf: Shelf, leased: Leased, parcels: tuple[Parcel, ...], now_ms: int) -> None:
    """See that an endpoint is sent what it is due, now."""
    must(shelf.is_active, "who is disabled is sent nothing", shelf)
    must(now_ms >= shelf.health.pause_until, "a pause is a pause", shelf)
    facts = tuple(fact.id for fact in leased.facts)
    must(facts == tuple(one.fact for one in parcels), "a lease says what it has", parcels)
    for parcel in parcels:
        must(parcel.place is shelf, "everybody is sent their own", parcel)
        must(parcel.status == "pending", "what is over is over", parcel)
        must(not parcel.held_until_ms(now_ms), "nothing is leased twice at a time", parcel)
        must(parcel.request == parcels[0].request, "a request stays one", parcels)
        must(leased.number == parcel.tries + 1, "tries are counted", parcel, leased.number)
    if parcels[0].request is not None:
        must(all(one.due_ms <= now_ms for one in parcels), "no retry is early", parcels)


def is_a_new_request(
    shelf: Shelf, leased: Leased, parcels: tuple[Parcel, ...], now_ms: int, reached: Counter[str]
) -> None:
    """See that facts travel together that may, when they may."""
    wishes = shelf.wishes
    must(leased.request_id not in shelf.requests, "a new request has a new id", parcels)
    must(leased.number == 1, "a new request is tried for the first time", parcels)
    must(len(parcels) <= wishes.batch_size, "no batch is larger than it may be", parcels)
    must(len({one.fact_type for one in parcels}) == 1, "types are not mixed", parcels)
    causes = len({one.cause for one in parcels})
    must(causes == 1 or wishes.batch_wait_ms, "causes are not mixed", parcels)
    is_due = any(one.due_ms <= now_ms for one in parcels)
    must(is_due or len(parcels) == wishes.batch_size, "a batch waits for others", parcels)
    order = [one.position for one in parcels]
    must(order == sorted(order), "facts of a request are in their order", parcels)
    if len(parcels) > 1:
        reached["a batch of several"] += 1
        reached["a batch that was full early"] += not is_due
        reached["a batch of several causes"] += causes > 1


def is_numbered(shelf: Shelf, request: str, facts: tuple[str, ...], sequence: int) -> None:
    """See that requests are numbered without a gap, and keep their number and facts."""
    known = shelf.requests.setdefault(request, facts)
    must(known == facts, "a request keeps its facts", known, facts)
    number = shelf.numbers.setdefault(request, len(shelf.requests))
    must(sequence == number, "sequences have no gap and are kept", shelf, sequence, number)


def is_in_order(
    parcels: tuple[Parcel, ...], before: Container[Hold | None], reached: Counter[str]
) -> None:
    """See that no earlier fact of the same order is left behind, except on a lease just before."""
    key = parcels[0].key
    must(all(one.key == key for one in parcels), "a request is of one order", parcels)
    if key is None:
        return
    last = parcels[-1].position
    for other in parcels[0].place.waiting.values():
        if other.key == key and other.position < last and other not in parcels:
            is_before = other.lease in before
            must(is_before, "nothing is leased before what it must follow", other, parcels)
            reached[f"leased behind another of its {parcels[0].place.wishes.ordering}"] += 1


def is_within_rate(shelf: Shelf, reached: Counter[str]) -> None:
    """See that no stretch of time up to the last lease holds more than the rate allows."""
    rate = shelf.wishes.conduct.rate_per_second
    if rate is None:
        return
    burst, last = max(1.0, rate), shelf.leased_at[-1]
    for count, since in enumerate(reversed(shelf.leased_at), start=1):
        seconds = (last - since) / 1_000
        must(count <= burst + rate * seconds + 0.01, "the rate is kept", count, seconds, rate)
        reached["as many as the rate allows"] += 1 < count > burst + rate * seconds - 1
        if count > 4 * burst + 20:
            return
