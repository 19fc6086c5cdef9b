"""Verify a one-time password, which works once."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import active_book
from stampbook.core.one_time_passwords import check
from stampbook.core.refusals import Refused
from stampbook.values.amounts import Key

Digits = Annotated[str, Meta(pattern="^[0-9]{6}$", max_length=6)]


class VerifyOtp(Command, frozen=True, kw_only=True):
    """The six digits that a member has typed."""

    member_id: Key
    otp: Digits


class OtpChecked(Struct, frozen=True, kw_only=True):
    """Whether the digits were right.

    Shapes: a wrong try is an answer and no refusal, because it is counted. With `tries_left` at 0
    the password is spent.
    """

    verified: bool
    tries_left: int


def _needs(command: VerifyOtp) -> Needs:
    return Needs(members=(command.member_id,))


def _decide(draft: Draft, command: VerifyOtp) -> OtpChecked | Refused:
    book = active_book(draft, command.member_id)
    if isinstance(book, Refused):
        return book
    checked = check(draft, book, command.otp)
    if isinstance(checked, Refused):
        return checked
    verified, tries_left = checked
    return OtpChecked(verified=verified, tries_left=tries_left)


COMMAND = CommandType(command=VerifyOtp, result=OtpChecked, needs=_needs, decide=_decide)
