"""A member joined: by request, import, or the first order of an unknown customer."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_NEWCOMER, example_envelope
from stampbook.nouns.member import nector_lead, nector_user, zinrelo_member_info


class MemberEnrolled(FactData, frozen=True, kw_only=True):
    """Sent once for each member, before any other fact about them."""


FACT = FactType(
    data=MemberEnrolled,
    sent_when="A member joins: by request, import, or the first order of an unknown customer.",
    zinrelo=Word(
        "event_member_enrol",
        lambda fact: {"member_info": zinrelo_member_info(fact.member)},
    ),
    nector=Word(
        "lead_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_lead(fact.member),
        },
    ),
    example=lambda: MemberEnrolled(**example_envelope(EXAMPLE_NEWCOMER, rule_version=None)),
)
