"""A member left a campaign."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.campaign import CampaignStep, zinrelo_campaign_info
from stampbook.nouns.examples import EXAMPLE_CAMPAIGN, example_envelope
from stampbook.nouns.member import zinrelo_member_info


class CampaignExited(FactData, frozen=True, kw_only=True):
    """Sent when a member met the exit criteria and its delay has passed, or the campaign ended."""

    step: CampaignStep


FACT = FactType(
    data=CampaignExited,
    sent_when="A member meets a campaign's exit criteria, after its delay in days, or it ends.",
    zinrelo=Word(
        "event_campaign_exited",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "campaign_info": zinrelo_campaign_info(fact.step, "exited"),
        },
    ),
    nector=None,  # the dialect has no word for it
    example=lambda: CampaignExited(step=EXAMPLE_CAMPAIGN, **example_envelope()),
)
