"""Ask for a one-time password of a member."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import active_book
from stampbook.core.one_time_passwords import generate
from stampbook.core.refusals import Refused
from stampbook.values.amounts import Key
from stampbook.values.instants import Instant


class RequestOtp(Command, frozen=True, kw_only=True):
    """A member who is to prove who they are."""

    member_id: Key


class OtpRequested(Struct, frozen=True, kw_only=True):
    """Until when the password is valid. The password itself goes out in a webhook alone."""

    minutes_valid: int
    valid_till: Instant


def _needs(command: RequestOtp) -> Needs:
    return Needs(members=(command.member_id,))


def _decide(draft: Draft, command: RequestOtp) -> OtpRequested | Refused:
    book = active_book(draft, command.member_id)
    if isinstance(book, Refused):
        return book
    password = generate(draft, book)
    if isinstance(password, Refused):
        return password
    minutes = draft.definition.otp.minutes_valid
    return OtpRequested(minutes_valid=minutes, valid_till=password.expires_at)


COMMAND = CommandType(command=RequestOtp, result=OtpRequested, needs=_needs, decide=_decide)
