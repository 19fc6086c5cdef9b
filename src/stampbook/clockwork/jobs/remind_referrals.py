"""A friend who claimed and has not bought is a reason to remind, once."""

from collections.abc import Sequence

from stampbook.clockwork.jobs import Job
from stampbook.commands import Command
from stampbook.commands.remind_referrals import REFERRALS_MAX, RemindReferrals
from stampbook.core.draft import Program
from stampbook.nouns.referral import Referral
from stampbook.store.backend import Unit
from stampbook.values.instants import Instant, from_ms, to_ms
from stampbook.values.json import decode

OF_THE_LIVING = (
    "FROM referral r JOIN member m ON m.program_id = r.program_id AND m.id = r.referrer "
    "WHERE r.program_id = ? AND r.remind_at_ms IS NOT NULL "
    "AND m.status NOT IN ('deleted', 'merged')"
)
EARLIEST = f"SELECT r.remind_at_ms {OF_THE_LIVING} ORDER BY r.remind_at_ms LIMIT 1"
DUE = f"SELECT r.body {OF_THE_LIVING} AND r.remind_at_ms <= ? ORDER BY r.remind_at_ms, r.id LIMIT ?"


def _next_at(unit: Unit, program: Program) -> Instant | None:
    rows = unit.rows(EARLIEST, (program.id,))
    return from_ms(rows[0][0]) if rows else None


def _commands(unit: Unit, program: Program, at: Instant, limit: int) -> Sequence[Command]:
    rows = unit.rows(DUE, (program.id, to_ms(at), min(limit, REFERRALS_MAX)))
    due = [decode(body, Referral) for (body,) in rows]
    if not due:
        return []
    friends = {one.friend_member_id for one in due if one.friend_is_enrolled} - {None}
    return [
        RemindReferrals(
            referral_ids=tuple(one.id for one in due),
            friends=tuple(sorted(friend for friend in friends if friend is not None)),
        )
    ]


JOB = Job(rank=20, next_at=_next_at, commands=_commands)
