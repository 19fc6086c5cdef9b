"""Somebody changed a member's attribute, tag, status or tier."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import example_envelope
from stampbook.nouns.member import nector_lead, nector_user, zinrelo_member_info


class MemberUpdated(FactData, frozen=True, kw_only=True):
    """Sent for each change by somebody; a change of balance alone never sends it.

    Shapes: `changed` names the fields of `member` that are different now, at least one.
    """

    changed: tuple[str, ...]


FACT = FactType(
    data=MemberUpdated,
    sent_when="Somebody changes an attribute, a tag, the status or the tier of a member.",
    zinrelo=Word(
        "event_member_update",
        lambda fact: {"member_info": zinrelo_member_info(fact.member)},
    ),
    nector=Word(
        "lead_update",
        lambda fact: {
            **nector_user(fact.member),
            **nector_lead(fact.member),
        },
    ),
    example=lambda: MemberUpdated(
        changed=("phone_number", "tags"), **example_envelope(rule_version=None)
    ),
)
