"""Participation: what is next for a member in a campaign, and when. Nothing is changed here.

Shapes: a member meets the entry criteria while active, in the audience `entry` and not in `exit`.
Criteria read the record alone, so they change only with it or with the campaign: what they say now
they have said since the later of the two.
Source: contract section 2, campaigns.
"""

from typing import Any, Literal

from msgspec import Struct

from stampbook.core.agenda import OUTSIDE, Participation
from stampbook.core.book import Book
from stampbook.core.campaign_history import CampaignHistory
from stampbook.core.definition import Definition
from stampbook.core.draft import Program
from stampbook.core.rules.audience import compiled_audience, lowest_tier
from stampbook.nouns.campaign import Campaign
from stampbook.nouns.member import Member
from stampbook.values.instants import Instant


class Step(Struct, frozen=True):
    """What happens next. Shapes: `at` may lie before the member's last change, which counts then.

    `wait` begins the delay of an entry and `leave` that of an exit; `forget` and `stay` end them.
    """

    at: Instant
    campaign_id: str
    kind: Literal["wait", "forget", "enter", "leave", "stay", "exit"]


def next_step(book: Book, program: Program) -> Step | None:
    """Give the earliest step of a member in any campaign; of equal ones the first as defined."""
    standing, definition = book.agenda.campaigns, program.definition
    # a program may have deleted any number of campaigns: only those inside still look at them
    deleted = [key for key in standing if key not in definition.campaign_by_id]
    found: Step | None = None
    for campaign_id in (*definition.campaign_by_id, *deleted):
        history = program.campaigns[campaign_id]
        participation = standing.get(campaign_id, OUTSIDE)
        step = _step(book.member, definition, history, participation)
        if step is not None and (found is None or step.at < found.at):
            found = step
    return found


def meets_entry(member: Member, campaign: Campaign, definition: Definition) -> bool:
    """Tell whether a member may enter a campaign."""
    if member.status != "active":
        return False
    lowest = lowest_tier(definition)
    if not compiled_audience(campaign.entry).holds(member, lowest):
        return False
    return campaign.exit is None or not compiled_audience(campaign.exit).holds(member, lowest)


def meets_exit(member: Member, campaign: Campaign, definition: Definition) -> bool:
    """Tell whether a member must leave a campaign."""
    if campaign.exit is None:
        return not meets_entry(member, campaign, definition)
    return compiled_audience(campaign.exit).holds(member, lowest_tier(definition))


def _step(
    member: Member, definition: Definition, history: CampaignHistory, standing: Participation
) -> Step | None:
    campaign = history.campaign
    is_in = standing.state in {"inside", "leaving"}
    if not history.is_open:
        if standing.state == "outside":
            return None
        return Step(history.changed_at, campaign.id, "exit" if is_in else "forget")
    if not is_in:
        return _way_in(member, definition, history, standing)
    step = _way_out(member, definition, history, standing)
    if campaign.ends_at is None:
        return step
    ends = max(campaign.ends_at, history.changed_at)
    if step is None or max(step.at, member.modified_at) >= ends:
        return Step(ends, campaign.id, "exit")
    return step


def _way_in(
    member: Member, definition: Definition, history: CampaignHistory, standing: Participation
) -> Step | None:
    campaign, since = history.campaign, history.changed_at
    is_met = meets_entry(member, campaign, definition)
    opens = max(since, campaign.starts_at or since)
    if standing.state == "entering":
        if not is_met:
            return Step(since, campaign.id, "forget")
        step = Step(max(opens, standing.due_at or opens), campaign.id, "enter")
    elif not is_met or (standing.entries and not campaign.again):
        return None
    else:
        step = Step(opens, campaign.id, "wait" if campaign.entry_delay_days else "enter")
    is_over = campaign.ends_at is not None and campaign.ends_at <= max(step.at, member.modified_at)
    return None if is_over else step


def _way_out(
    member: Member, definition: Definition, history: CampaignHistory, standing: Participation
) -> Step | None:
    campaign, since = history.campaign, history.changed_at
    is_met = meets_exit(member, campaign, definition)
    if standing.state == "inside":
        kind = "leave" if campaign.exit_delay_days else "exit"
        return Step(since, campaign.id, kind) if is_met else None
    if not is_met:
        return Step(since, campaign.id, "stay")
    return Step(max(since, standing.due_at or since), campaign.id, "exit")


def multipliers(book: Book, program: Program) -> list[dict[str, Any]]:
    """Give the campaigns that multiply a member's earnings now, as an award keeps them."""
    found: list[dict[str, Any]] = []
    for campaign_id, standing in book.agenda.campaigns.items():
        history = program.campaigns.get(campaign_id)
        if history is not None and standing.state in {"inside", "leaving"}:
            campaign = history.campaign
            multiplier = campaign.promotion.multiplier
            if campaign.promotion.kind == "multiplier" and multiplier is not None:
                found.append({"id": campaign.id, "name": campaign.name, "multiplier": multiplier})
    return found
