"""Inviting: a member brings a friend, who claims what the program promises."""

from typing import Any

from stampbook.nouns.member import Member
from stampbook.triggers.stage import DOMAIN, PREFIX, ImpossibleError, Stage

NEEDS_REFERRALS = (
    "Add to it:\n"
    "[[activities]]\n"
    'id = "brought_a_friend"\n'
    'name = "Brought a friend"\n'
    'computation = { kind = "fixed", points = 100 }\n'
    "[[activities]]\n"
    'id = "made_a_purchase"\n'
    'name = "Made a purchase"\n'
    'on = "order"\n'
    'computation = { kind = "multiplier_based" }\n'
    "[referrals]\n"
    "is_active = true\n"
    'activity = "brought_a_friend"\n'
    "remind_after_days = 7"
)


def referrer(stage: Stage) -> Member:
    """Enrol somebody who may bring friends.

    Errors: ImpossibleError when the program has no referrals.
    """
    if not stage.definition.referrals.is_active:
        raise ImpossibleError("The program has no referrals.", NEEDS_REFERRALS)
    return stage.enrol()


def claim(stage: Stage, member: Member) -> str:
    """Let a friend claim by a member's link; gives their e-mail address."""
    email = stage.wish("friend_email", f"{PREFIX}friend-{stage.word()}@{DOMAIN}")
    said: dict[str, Any] = {"referral_code": member.referral_code, "email_address": email}
    stage.call("POST", "/v1/referrals/claims", said)
    stage.did(f"let {email} claim by the link of {member.member_id}")
    return email
