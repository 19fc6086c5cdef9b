"""Campaigns: audiences that members enter and leave, with what they promise."""

from typing import Literal

from msgspec import Struct

from stampbook.api.desk import Desk
from stampbook.api.paging import Paged, cursors_checked
from stampbook.api.problem import AUDIENCE_INVALID, CURSOR_INVALID, ProblemError, RefusedError
from stampbook.api.route import Answer
from stampbook.commands import Needs
from stampbook.core.campaign_history import CampaignHistory
from stampbook.core.refusals import CAMPAIGN_NOT_FOUND, refuse
from stampbook.nouns.campaign import Audience, Campaign
from stampbook.nouns.member import Member
from stampbook.program.checks.campaigns import audience_flaws
from stampbook.program.problems import spell_path
from stampbook.store.campaigns import count_audience
from stampbook.store.reading.campaigns import counts, standing
from stampbook.values.amounts import Key
from stampbook.values.instants import Instant


class ListCampaigns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every campaign, the deleted ones too."""


class CampaignInfo(Struct, frozen=True, kw_only=True):
    """A campaign, and how many members stand where in it.

    Shapes: `inside` counts those whose exit waits for its delay too; what time alone changes is
    counted once the clockwork has done it. A deleted campaign shows its last settings.
    """

    campaign: Campaign
    status: Literal["scheduled", "running", "ended", "off", "deleted"]
    created_at: Instant
    changed_at: Instant
    inside: int
    leaving: int
    """Of those inside: whose exit waits for its delay."""
    entering: int
    """Whose entry waits for its delay."""
    left: int


class Campaigns(Struct, frozen=True, kw_only=True):
    """The campaigns, in the order in which they were first defined."""

    items: tuple[CampaignInfo, ...]


class ListCampaignMembers(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which members of a campaign to list, in the order in which they joined the program."""

    campaign_id: Key
    state: Literal["entering", "inside", "leaving", "outside"] = "inside"
    """`outside` are those who were inside and left."""


class CampaignMembers(Struct, frozen=True, kw_only=True):
    """Members, as they are at the program's now."""

    items: tuple[Member, ...]
    next_cursor: str | None


class PreviewAudience(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An audience to be counted before it is put in force."""

    audience: Audience


class AudiencePreview(Struct, frozen=True, kw_only=True):
    """How many active members an audience finds, as they were stored last."""

    members: int


def list_campaigns(desk: Desk, asked: ListCampaigns) -> Campaigns:
    """Give the campaigns and how many members are inside."""
    del asked
    with desk.present() as present:
        found = counts(present.unit, desk.program_id)
        campaigns = present.program.campaigns
        return Campaigns(
            items=tuple(
                _info(history, found.get(campaign_id, {}), present.now)
                for campaign_id, history in campaigns.items()
            )
        )


def list_campaign_members(desk: Desk, asked: ListCampaignMembers) -> CampaignMembers:
    """Give a page of a campaign's members."""
    with desk.present() as present, cursors_checked():
        if asked.campaign_id not in present.program.campaigns:
            raise RefusedError(
                refuse(CAMPAIGN_NOT_FOUND, field="campaign_id", wanted=asked.campaign_id)
            )
        page = standing(
            present.unit,
            desk.program_id,
            asked.campaign_id,
            asked.state,
            limit=asked.limit,
            after=asked.cursor,
        )
        draft = present.draft(Needs(ids=page.items))
        members = tuple(draft.book(member).member for member in page.items)
        return CampaignMembers(items=members, next_cursor=page.next)


def preview_audience(desk: Desk, asked: PreviewAudience) -> AudiencePreview:
    """Count the members whom an audience finds."""
    with desk.present() as present:
        program = present.program
        for flaw in audience_flaws(asked.audience, ("audience",), program.definition):
            detail = f"{spell_path(flaw.path)}: {flaw.message} {flaw.remedy}"
            field = "/" + "/".join(map(str, flaw.path))
            raise ProblemError(AUDIENCE_INVALID, detail, field=field)
        return AudiencePreview(members=count_audience(present.unit, program, asked.audience))


def _info(history: CampaignHistory, found: dict[str, int], now: Instant) -> CampaignInfo:
    leaving = found.get("leaving", 0)
    return CampaignInfo(
        campaign=history.campaign,
        status=_status(history, now),
        created_at=history.created_at,
        changed_at=history.changed_at,
        inside=found.get("inside", 0) + leaving,
        leaving=leaving,
        entering=found.get("entering", 0),
        left=found.get("outside", 0),
    )


def _status(
    history: CampaignHistory, now: Instant
) -> Literal["scheduled", "running", "ended", "off", "deleted"]:
    campaign = history.campaign
    if history.is_deleted:
        return "deleted"
    if not campaign.is_active:
        return "off"
    if campaign.ends_at is not None and campaign.ends_at <= now:
        return "ended"
    return "scheduled" if campaign.starts_at and campaign.starts_at > now else "running"


ROUTES = (
    Answer(
        method="GET",
        path="/v1/campaigns",
        summary="List the campaigns with their members counted",
        scope="read",
        asks=ListCampaigns,
        gives=Campaigns,
        answers=list_campaigns,
    ),
    Answer(
        method="GET",
        path="/v1/campaigns/{campaign_id}/members",
        summary="List the members of a campaign",
        scope="read",
        asks=ListCampaignMembers,
        gives=CampaignMembers,
        refuses=(CAMPAIGN_NOT_FOUND, CURSOR_INVALID),
        answers=list_campaign_members,
    ),
    Answer(
        method="POST",
        path="/v1/campaigns/preview",
        summary="Count the members whom an audience finds",
        scope="read",
        asks=PreviewAudience,
        gives=AudiencePreview,
        refuses=(AUDIENCE_INVALID,),
        answers=preview_audience,
        example={
            "audience": {
                "conditions": [
                    {"attribute": "member.tags", "operator": "contains_any", "value": ["espresso"]}
                ]
            }
        },
    ),
)
