"""A case: one member to be erased, and one page of the work."""

from collections.abc import Iterable

from msgspec import Struct

from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.json import encode_text

EMAILS_MAX = 20
"""Addresses of one member that traces are looked for by."""


class Page(Struct, frozen=True, kw_only=True):
    """What one piece of work came to.

    Shapes: `next` is where the stage goes on; None when it is done. `emails` are addresses that the
    member had before, in the spelling of `email_key`.
    """

    seen: int
    changed: int = 0
    next: str | None = None
    emails: tuple[str, ...] = ()


class Case(Struct, kw_only=True):
    """A deleted member, and what their traces with others are found by."""

    program_id: ProgramId
    member: MemberId
    member_id: str
    emails: tuple[str, ...] = ()
    stage: int = 0

    def learn(self, emails: Iterable[str]) -> None:
        """Take note of addresses that the member had."""
        self.emails = tuple(dict.fromkeys((*self.emails, *emails)))[:EMAILS_MAX]

    @property
    def needles(self) -> tuple[str, ...]:
        """Texts, in lower case, one of which is in whatever is stored about the member."""
        own = (encode_text(self.member_id).casefold(), self.member)
        return (*own, *(encode_text(email)[1:-1] for email in self.emails))
