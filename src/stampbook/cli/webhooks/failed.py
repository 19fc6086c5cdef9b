"""List the dead letters of an endpoint."""

from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import spell_time, tell
from stampbook.cli.terminal.replaying import EndpointArgument, known_endpoint
from stampbook.engine.clock import real_ms
from stampbook.store.reading.page import PAGE_MAX
from stampbook.store.reading.webhooks import attempts, deliveries


def command(
    endpoint: EndpointArgument,
    /,
    *,
    last: Annotated[int, Parameter(help=f"How many (default: 20); at most {PAGE_MAX}.")] = 20,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """List the newest dead letters of an endpoint: what was given up, and what it last answered."""
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.read() as unit:
            known = known_endpoint(unit, chosen.id, endpoint)
            page = deliveries(
                unit,
                chosen.id,
                endpoint_id=known.id,
                status="failed",
                now_ms=real_ms(),
                limit=min(max(last, 1), PAGE_MAX),
            )
            answers = {
                one.id: attempts(unit, chosen.id, request_id=one.request_id, limit=1).items
                for one in page.items
            }
    tell(
        ["delivery", "fact", "type", "given up", "tries", "request", "last answer"],
        [
            [
                one.id,
                one.fact_id,
                one.fact_type,
                spell_time(one.due_at),
                one.attempts,
                one.sequence,
                " ".join(str(last.status_code or last.error) for last in answers[one.id]) or "-",
            ]
            for one in page.items
        ],
        numbers=["tries", "request"],
    )
