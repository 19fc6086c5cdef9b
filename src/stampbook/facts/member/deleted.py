"""A member was deleted; what could name a person is gone."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_DELETED, example_envelope


class MemberDeleted(FactData, frozen=True, kw_only=True):
    """Sent once for each deleted member, and the last fact about them.

    Shapes: `member` carries only what the deletion leaves; members deleted by one request have
    the same `cause`.
    """


FACT = FactType(
    data=MemberDeleted,
    sent_when="A member is deleted; many deleted by one request travel together.",
    zinrelo=Word(
        "event_member_delete",
        lambda fact: {"member_info": {"member_id": fact.member.member_id}},
    ),
    nector=None,  # the dialect has no word for it
    example=lambda: MemberDeleted(**example_envelope(EXAMPLE_DELETED, rule_version=None)),
)
