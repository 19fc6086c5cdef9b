"""Enrol a member."""

from typing import Any

import msgspec
from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import Profile, enrol
from stampbook.core.referral_attribution import Arrival, Bringing, brought_by
from stampbook.core.refusals import Refused
from stampbook.core.self_referral import traits_of
from stampbook.nouns.member import Member
from stampbook.nouns.referral import Referral
from stampbook.values.amounts import Key
from stampbook.values.contacts import email_key
from stampbook.values.instants import Instant


class EnrollMember(Profile, Command, frozen=True, kw_only=True):
    """A new member.

    Shapes: `enrolled_at` is for members who joined elsewhere before; it is not after now.
    `referral_code` is that of the member who brought them; it is not needed where the friend
    claimed with the same e-mail address.
    """

    member_id: Key
    enrolled_at: Instant | None = None
    referral_code: Key | None = None


class MemberEnrolled(Struct, frozen=True, kw_only=True):
    """The new member, and the referral that brought them, or why it does not count."""

    member: Member
    referral: Referral | None = None
    referral_refused: Refused | None = None


def _needs(command: EnrollMember) -> Needs:
    return Needs(
        members=(command.member_id,),
        emails=(email_key(command.email_address),) if command.email_address else (),
        referral_codes=(command.referral_code,) if command.referral_code else (),
    )


def _decide(draft: Draft, command: EnrollMember) -> MemberEnrolled | Refused:
    fields: dict[str, Any] = msgspec.structs.asdict(command)
    member_id, enrolled_at = fields.pop("member_id"), fields.pop("enrolled_at")
    arrival = Arrival(
        traits=(traits_of({**fields, "member_id": member_id}),),
        email_address=command.email_address,
        referral_code=fields.pop("referral_code"),
    )
    brought = brought_by(draft, arrival)
    book = enrol(draft, member_id, enrolled_at, fields, brought)
    if isinstance(book, Refused):
        return book
    is_brought = isinstance(brought, Bringing)
    return MemberEnrolled(
        member=book.member,
        referral=draft.referral(brought.referral.id) if is_brought else None,
        referral_refused=brought if isinstance(brought, Refused) else None,
    )


COMMAND = CommandType(command=EnrollMember, result=MemberEnrolled, needs=_needs, decide=_decide)
