"""What is stored, compared with the model: now and then, and when a play is over."""

from stampbook.store.backend import Backend
from stampbook.store.lanes import read_lane
from tests.delivery.simulated.naive import Naive
from tests.delivery.simulated.promise import must
from tests.delivery.simulated.shelf import Shelf
from tests.delivery.simulated.shop import NEWS, SHOP

ROWS = (
    "SELECT id, status, attempts, due_at_ms, lease_id, request_id, sequence "
    "FROM delivery WHERE program_id = ?"
)


def compare(backend: Backend, naive: Naive) -> None:
    """See that every row is what the model made of it."""
    with backend.read() as unit:
        rows = unit.rows(ROWS, (SHOP,))
        lanes = {key: read_lane(unit, key) for key in naive.shelves}
    must(len(rows) == len(naive.parcels), "every delivery is kept", len(rows))
    for id_, *stored in rows:
        parcel = naive.parcels[id_]
        if parcel.status == "skipped":
            must(stored[0] in {"pending", "skipped"}, "it is left out", parcel, stored)
            continue
        lease_id = parcel.lease.id if parcel.lease else None
        known = [
            parcel.status, parcel.tries, parcel.due_ms, lease_id, parcel.request, parcel.sequence,
        ]  # fmt: skip
        must(stored == known, "what is stored is what was done", parcel, stored, known)
    for key, lane in lanes.items():
        shelf, health = naive.shelves[key], lane.health
        mine = shelf.health
        stored = [
            health.state, health.pause_until_ms, health.failures, health.warned_at_ms,
            lane.sequence, lane.facts,
        ]  # fmt: skip
        known = [
            mine.state, mine.pause_until, mine.row, mine.warned, len(shelf.requests),
            len(shelf.news),
        ]  # fmt: skip
        must(stored == known, "health is what the answers make of it", shelf, stored, known)


def is_complete(backend: Backend, naive: Naive, now_ms: int) -> None:
    """See that nothing was lost, now that the play is over."""
    compare(backend, naive)
    with backend.read() as unit:
        logged = {row[0] for row in unit.rows("SELECT id FROM attempt")}
        told = unit.rows(NEWS, (SHOP, 0))
    must(logged == naive.logged, "every try is logged once", logged ^ naive.logged)
    for shelf in naive.shelves.values():
        about = shelf.key.endpoint_id
        stored = [(name, sequence) for _, name, of, sequence, *_ in told if of == about]
        must(stored == shelf.news, "each change is told once", stored, shelf.news)
        left = shelf.left_behind(now_ms) if shelf.is_active else []
        must(not left, "nothing is left behind", shelf, left)
        _was_tried_enough(shelf)
        _has_no_gap(shelf)
    naive.reached.update(f"ends {one.status}" for one in naive.parcels.values())
    naive.reached.update(f"ends {one.health.state}" for one in naive.shelves.values())


def _was_tried_enough(shelf: Shelf) -> None:
    tries = len(shelf.wishes.conduct.retry_delays_seconds) + 1
    for parcel in shelf.parcels:
        is_over = parcel.status != "failed" or parcel.tries == tries
        must(is_over, "a failure has used all its tries", parcel)


def _has_no_gap(shelf: Shelf) -> None:
    """See that a receiver was sent every number up to the last, but for what still waits."""
    received = {int(sequence) for _, sequence in shelf.letters.values()}
    unsent = {one.sequence for one in shelf.waiting.values() if one.sequence is not None}
    missing = set(range(1, len(shelf.requests) + 1)) - received - unsent
    must(not missing, "sequences have no gap at the receiver", shelf, missing)
