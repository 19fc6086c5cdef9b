"""Customers are asked for a review some days after their order was fulfilled."""

from collections.abc import Sequence

from stampbook.clockwork.jobs import Job
from stampbook.commands import Command
from stampbook.commands.request_reviews import ORDERS_MAX, RequestReviews
from stampbook.core.draft import Program
from stampbook.store.backend import Unit
from stampbook.values.instants import Instant, from_ms, to_ms

OF_THE_LIVING = (
    "FROM customer_order o JOIN member m ON m.program_id = o.program_id AND m.id = o.member "
    "WHERE o.program_id = ? AND o.review_at_ms IS NOT NULL "
    "AND m.status NOT IN ('deleted', 'merged')"
)
EARLIEST = f"SELECT o.review_at_ms {OF_THE_LIVING} ORDER BY o.review_at_ms LIMIT 1"
DUE = (
    f"SELECT o.order_id {OF_THE_LIVING} AND o.review_at_ms <= ? "
    "ORDER BY o.review_at_ms, o.order_id LIMIT ?"
)


def _next_at(unit: Unit, program: Program) -> Instant | None:
    rows = unit.rows(EARLIEST, (program.id,))
    return from_ms(rows[0][0]) if rows else None


def _commands(unit: Unit, program: Program, at: Instant, limit: int) -> Sequence[Command]:
    rows = unit.rows(DUE, (program.id, to_ms(at), min(limit, ORDERS_MAX)))
    return [RequestReviews(order_ids=tuple(row[0] for row in rows))] if rows else []


JOB = Job(rank=30, next_at=_next_at, commands=_commands)
