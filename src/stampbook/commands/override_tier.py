"""Put a member into a tier by hand, until the next evaluation."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import active_book
from stampbook.core.refusals import Refused
from stampbook.core.tiers import override
from stampbook.nouns.member import Member
from stampbook.values.amounts import Key


class OverrideTier(Command, frozen=True, kw_only=True):
    """A tier for a member, whatever they earned."""

    member_id: Key
    tier_id: Key


class TierOverridden(Struct, frozen=True, kw_only=True):
    """The member in the tier."""

    member: Member


def _needs(command: OverrideTier) -> Needs:
    return Needs(members=(command.member_id,))


def _decide(draft: Draft, command: OverrideTier) -> TierOverridden | Refused:
    book = active_book(draft, command.member_id, may_be_blocked=True)
    if isinstance(book, Refused):
        return book
    refused = override(draft, book, command.tier_id)
    return refused or TierOverridden(member=book.member)


COMMAND = CommandType(command=OverrideTier, result=TierOverridden, needs=_needs, decide=_decide)
