"""Campaigns begin, end and change for members who did nothing: those concerned are found by SQL.

Shapes: a campaign has turns, each of which all members are looked at for once. How far that has
come is stored with what was done, so that a clock that was killed, or another one, goes on there.
"""

from collections.abc import Iterator, Sequence

from stampbook.clockwork.jobs import Job
from stampbook.commands import Command
from stampbook.commands.evaluate_campaign import MEMBERS_PER_EVALUATION_MAX, EvaluateCampaign
from stampbook.core.campaign_history import CampaignHistory, Seen
from stampbook.core.draft import Program
from stampbook.store.backend import Unit
from stampbook.store.campaigns import concerned, seen
from stampbook.values.instants import Instant


def _turns_left(history: CampaignHistory, known: Seen | None) -> tuple[Instant, ...]:
    """Give the turns for which not all members were looked at yet."""
    if known is None or known.version != history.version:
        return history.turns
    if known.cursor is not None:
        return tuple(at for at in history.turns if at >= known.reached)
    return tuple(at for at in history.turns if at > known.reached)


def _left(unit: Unit, program: Program) -> Iterator[tuple[Instant, str, Seen | None]]:
    """Give the campaigns with turns left: the first of these, and how far they were looked at."""
    known = seen(unit, program.id) if program.campaigns else {}
    for campaign_id, history in program.campaigns.items():
        turns = _turns_left(history, known.get(campaign_id))
        if turns:
            yield turns[0], campaign_id, known.get(campaign_id)


def _next_at(unit: Unit, program: Program) -> Instant | None:
    return min((at for at, _, _ in _left(unit, program)), default=None)


def _commands(unit: Unit, program: Program, until: Instant, limit: int) -> Sequence[Command]:
    """Give one command at a time, because each says where the next one goes on."""
    del limit
    left = sorted((at, key) for at, key, _ in _left(unit, program) if at <= until)
    if not left:
        return ()
    at, campaign_id = left[0]
    history, known = program.campaigns[campaign_id], seen(unit, program.id).get(campaign_id)
    goes_on = known is not None and known.version == history.version and known.reached == at
    found = concerned(
        unit,
        program,
        history,
        at,
        after=known.cursor if known is not None and goes_on else None,
        limit=MEMBERS_PER_EVALUATION_MAX,
    )
    command = EvaluateCampaign(
        campaign_id=campaign_id,
        members=found.member_ids,
        version=history.version,
        reached=at,
        cursor=found.cursor,
    )
    return (command,)


JOB = Job(rank=40, next_at=_next_at, commands=_commands)
