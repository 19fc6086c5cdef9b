"""Campaigns: members enter them, get what they promise, and leave.

Shapes: entering and leaving count as changes of the member, so that nothing later of theirs can
happen at an earlier instant.
Source: contract section 2, campaigns.
"""

from msgspec.structs import replace

from stampbook.core import coupons
from stampbook.core.agenda import OUTSIDE, Participation
from stampbook.core.awards import award
from stampbook.core.book import Book
from stampbook.core.campaign_history import CampaignHistory
from stampbook.core.draft import Draft, Program
from stampbook.core.participation import next_step
from stampbook.core.refusals import Refused
from stampbook.core.refusing import state_refusal
from stampbook.facts.campaign.entered import CampaignEntered
from stampbook.facts.campaign.exited import CampaignExited
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.campaign import CampaignStep
from stampbook.values.calendars import after_days
from stampbook.values.ids import id_of_defined


def advance(draft: Draft, book: Book) -> None:
    """Take a member's next step in a campaign, at the draft's instant."""
    step = next_step(book, draft.program)
    assert step is not None, "the member has no step to take"
    history = draft.program.campaigns[step.campaign_id]
    standing = book.agenda.campaigns.get(step.campaign_id, OUTSIDE)
    zone, campaign = draft.definition.time_zone, history.campaign
    match step.kind:
        case "wait":
            due_at = after_days(draft.at, campaign.entry_delay_days, zone)
            _stand(draft, book, history, replace(standing, state="entering", due_at=due_at))
        case "leave":
            due_at = after_days(draft.at, campaign.exit_delay_days, zone)
            _stand(draft, book, history, replace(standing, state="leaving", due_at=due_at))
        case "forget":
            _stand(draft, book, history, replace(standing, state="outside", due_at=None))
        case "stay":
            _stand(draft, book, history, replace(standing, state="inside", due_at=None))
        case "enter":
            _enter(draft, book, history, standing)
        case "exit":
            _exit(draft, book, history, standing)


def _enter(draft: Draft, book: Book, history: CampaignHistory, standing: Participation) -> None:
    entries = standing.entries + 1
    _stand(draft, book, history, Participation(state="inside", entries=entries))
    draft.change_member(book)
    draft.fact(
        CampaignEntered, book, rule_version=draft.version, step=_campaign_step(draft, history)
    )
    promotion = history.campaign.promotion
    if promotion.kind == "bonus_points" and promotion.activity is not None:
        awarded = award(draft, book, promotion.activity, {}, points=promotion.points)
        if isinstance(awarded, Refused):
            state_refusal(draft, PointsRefused, awarded)
    elif promotion.kind == "coupon" and promotion.coupon is not None:
        offer = draft.definition.coupon_by_id[promotion.coupon]
        coupons.give(draft, book, offer, "campaign")


def _exit(draft: Draft, book: Book, history: CampaignHistory, standing: Participation) -> None:
    _stand(draft, book, history, Participation(state="outside", entries=standing.entries))
    draft.change_member(book)
    draft.fact(
        CampaignExited, book, rule_version=draft.version, step=_campaign_step(draft, history)
    )


def _stand(draft: Draft, book: Book, history: CampaignHistory, standing: Participation) -> None:
    """Remember where the member stands."""
    campaign_id = history.campaign.id
    others = {key: one for key, one in book.agenda.campaigns.items() if key != campaign_id}
    if standing != OUTSIDE:
        others[campaign_id] = standing
    draft.change_agenda(book, campaigns=others)


def _campaign_step(draft: Draft, history: CampaignHistory) -> CampaignStep:
    return CampaignStep(
        id=draft.ids.take(),
        promotion_id=promotion_id(draft.program, history),
        campaign=history.campaign,
    )


def promotion_id(program: Program, history: CampaignHistory) -> str:
    """Give our own id of what a campaign gives, which stays over versions."""
    return id_of_defined(program.id, f"campaign:{history.campaign.id}", history.created_at)
