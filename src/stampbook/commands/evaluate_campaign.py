"""Evaluate a campaign for members whom its criteria may concern, though they did nothing."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.campaign_history import Seen
from stampbook.core.draft import Draft
from stampbook.facts.campaign.entered import CampaignEntered
from stampbook.facts.campaign.exited import CampaignExited
from stampbook.values.amounts import Key
from stampbook.values.ids import MemberId
from stampbook.values.instants import Instant

MEMBERS_PER_EVALUATION_MAX = 500


class EvaluateCampaign(Command, frozen=True, kw_only=True):
    """Catch up some members, and note how far the campaign has been looked at.

    Shapes: not part of the API; the clockwork finds the members and submits it. `version`,
    `reached` and `cursor` are those of `Seen`.
    """

    campaign_id: Key
    members: Annotated[tuple[Key, ...], Meta(max_length=MEMBERS_PER_EVALUATION_MAX)]
    """By the merchant's member_id."""
    version: int
    reached: Instant
    cursor: MemberId | None


class CampaignEvaluated(Struct, frozen=True, kw_only=True):
    """How many of the members entered the campaign and left it."""

    entered: int
    exited: int


def _needs(command: EvaluateCampaign) -> Needs:
    return Needs(members=command.members)


def _decide(draft: Draft, command: EvaluateCampaign) -> CampaignEvaluated:
    """Count what catching up did, which every command does to its members first.

    Shapes: whoever waits to enter is stored again, because a changed span changes when that is due.
    """
    draft.changes.seen[command.campaign_id] = Seen(
        version=command.version, reached=command.reached, cursor=command.cursor
    )
    for member_id in command.members:
        book = draft.book_of(member_id)
        standing = book.agenda.campaigns.get(command.campaign_id) if book else None
        if book is not None and standing is not None and standing.state == "entering":
            draft.change_counters(book, book.counters)
    steps = [
        fact.data
        for fact in draft.changes.facts
        if isinstance(fact.data, CampaignEntered | CampaignExited)
        and fact.data.step.campaign.id == command.campaign_id
    ]
    entered = sum(isinstance(step, CampaignEntered) for step in steps)
    return CampaignEvaluated(entered=entered, exited=len(steps) - entered)


COMMAND = CommandType(
    command=EvaluateCampaign,
    result=CampaignEvaluated,
    needs=_needs,
    decide=_decide,
    takes_merged=True,
)  # one of many may be merged meanwhile
