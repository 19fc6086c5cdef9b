"""Say that a member shared their referral link."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import Email, active_book
from stampbook.core.refusals import (
    REFERRAL_CHANNEL_NEEDS_FRIENDS,
    REFERRAL_INACTIVE,
    Refused,
    refuse,
)
from stampbook.facts.referral.link_shared import ReferralLinkShared
from stampbook.nouns.member import Member
from stampbook.values.amounts import Key
from stampbook.values.contacts import email_key

FRIENDS_PER_SHARE_MAX = 50
EMAIL = "email"


class ShareReferralLink(Command, frozen=True, kw_only=True):
    """Where a member shared the link.

    Shapes: the channel `email` lists the friends it goes to; any other is a social one, such as
    `facebook`. The subscriber of the fact sends the e-mail.
    """

    member_id: Key
    channel: Annotated[str, Meta(min_length=1, max_length=32, pattern="^[a-z0-9_-]+$")]
    friend_emails: Annotated[tuple[Email, ...], Meta(max_length=FRIENDS_PER_SHARE_MAX)] = ()


class LinkShared(Struct, frozen=True, kw_only=True):
    """The member, and whom the link goes to, each once."""

    member: Member
    channel: str
    friend_emails: tuple[str, ...]


def _needs(command: ShareReferralLink) -> Needs:
    return Needs(members=(command.member_id,))


def _decide(draft: Draft, command: ShareReferralLink) -> LinkShared | Refused:
    book = active_book(draft, command.member_id)
    if isinstance(book, Refused):
        return book
    if not draft.definition.referrals.is_active:
        return refuse(REFERRAL_INACTIVE, member_id=command.member_id)
    friends: dict[str, str] = {}
    for address in command.friend_emails:
        friends.setdefault(email_key(address), address)
    if bool(friends) != (command.channel == EMAIL):
        return refuse(REFERRAL_CHANNEL_NEEDS_FRIENDS, field="friend_emails")
    told = tuple(friends.values())
    draft.fact(ReferralLinkShared, book, channel=command.channel, friend_emails=told)
    return LinkShared(member=book.member, channel=command.channel, friend_emails=told)


COMMAND = CommandType(command=ShareReferralLink, result=LinkShared, needs=_needs, decide=_decide)
