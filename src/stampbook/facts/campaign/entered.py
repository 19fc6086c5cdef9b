"""A member entered a campaign."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.campaign import CampaignStep, zinrelo_campaign_info
from stampbook.nouns.examples import EXAMPLE_CAMPAIGN, example_envelope
from stampbook.nouns.member import zinrelo_member_info


class CampaignEntered(FactData, frozen=True, kw_only=True):
    """Sent when a member met the entry criteria, and still did after the delay."""

    step: CampaignStep


FACT = FactType(
    data=CampaignEntered,
    sent_when="A member meets a campaign's entry criteria, after its delay in days.",
    zinrelo=Word(
        "event_campaign_entered",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "campaign_info": zinrelo_campaign_info(fact.step, "entered"),
        },
    ),
    nector=None,  # the dialect has no word for it
    example=lambda: CampaignEntered(step=EXAMPLE_CAMPAIGN, **example_envelope()),
)
