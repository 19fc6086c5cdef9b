"""What is promised of a request on the wire: whose it is, what it may not pass, what it says."""

import msgspec

from stampbook.core.lease import Leased
from stampbook.delivery.call import Request
from tests.delivery.simulated.promise import must
from tests.delivery.simulated.shelf import Hold, Shelf

PACED_MS = 1_000
"""How long one that was granted its instant may wait."""


def timeout_ms(hold: Hold) -> int:
    """Give how long a request may be on its way."""
    return hold.parcels[0].place.wishes.conduct.timeout_seconds * 1_000


def is_held(hold: Hold, worker: int, now_ms: int) -> None:
    """See that a worker sends on a lease of its own, which lasts, what was not accepted before."""
    must(hold.worker == worker, "a lease is used by whom it was given to", hold.worker, worker)
    must(now_ms + timeout_ms(hold) <= hold.until_ms, "no request outlasts its lease", hold.parcels)
    for parcel in hold.parcels:
        must(parcel.lease is hold, "nothing is sent on a lease that another holds", parcel)
        must(parcel.heard_by != worker, "what was accepted is not sent again", parcel)


def is_in_its_lane(shelf: Shelf, hold: Hold, request: str, now_ms: int) -> None:
    """See that no more is on its way than may be."""
    flights, conduct = shelf.in_flight(now_ms), shelf.wishes.conduct
    is_first = all(flight.request != request for flight in flights)
    must(is_first, "no request is on its way twice at the same time", hold.parcels)
    own = sum(flight.hold.worker == hold.worker for flight in flights)
    must(own < conduct.in_flight_max, "no more are on their way than may be", shelf, own)
    if hold.state != "healthy":
        is_alone = all(flight.hold.state == "healthy" for flight in flights)
        must(is_alone, "who is not well has one request on its way", shelf)
    if conduct.rate_per_second is not None:
        waited_ms = now_ms - hold.known_ms
        must(waited_ms <= PACED_MS, "what was granted its instant goes out at once", waited_ms)


def is_in_order(hold: Hold, now_ms: int) -> None:
    """See that all that it must follow was received, as far as its worker knows."""
    first = hold.parcels[0]
    if first.key is None:
        return
    for flight in first.place.in_flight(now_ms):
        must(flight.key != first.key, "one of an order is on its way", hold.parcels)
    for other in first.place.waiting.values():
        if other.key == first.key and other.position < first.position:
            is_known = other.heard_by == hold.worker
            must(is_known, "nothing overtakes what it must follow", other, hold.parcels)


def reads(shelf: Shelf, hold: Hold, leased: Leased, request: Request) -> None:
    """Read a request as its receiver does."""
    headers = dict(request.headers)
    sequence, message_id = headers["stampbook-sequence"], headers["webhook-id"]
    if shelf.wishes.dialect == "zinrelo":
        body = msgspec.json.decode(request.body)
        facts = [event["id"] for event in body["events"]]
        must(message_id == leased.request_id == body["request_id"], "ids agree", message_id)
    else:
        facts = [message_id]
    must(facts == [one.fact for one in hold.parcels], "a request says what it has", facts)
    must(sequence == str(hold.parcels[0].sequence), "a request tells its number", sequence)
    letter = (request.body, sequence)
    known = shelf.letters.setdefault(message_id, letter)
    must(known == letter, "a repetition has the same bytes and number", message_id)
