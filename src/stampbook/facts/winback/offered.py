"""A member who has been away was offered a bonus."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_OFFER, example_envelope
from stampbook.nouns.member import zinrelo_member_info
from stampbook.nouns.winback import WinbackOffer, zinrelo_offer_info


class WinbackOffered(FactData, frozen=True, kw_only=True):
    """Sent once for each time that a member was inactive for the days of the setting."""

    offer: WinbackOffer


FACT = FactType(
    data=WinbackOffered,
    sent_when="A member has been inactive for a number of days.",
    zinrelo=Word(
        "event_winback_offer",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "offer_info": zinrelo_offer_info(fact.offer),
        },
    ),
    nector=None,  # the dialect has no word for it
    example=lambda: WinbackOffered(offer=EXAMPLE_OFFER, **example_envelope()),
)
