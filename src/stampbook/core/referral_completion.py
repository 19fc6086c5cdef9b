"""Completion: a friend's first qualifying activity completes a referral, once, and rewards.

Source: contract section 2, referrals.
"""

from typing import Any

from msgspec.structs import replace

from stampbook.core.awards import award
from stampbook.core.book import Book
from stampbook.core.counting import count
from stampbook.core.definition import Activity
from stampbook.core.draft import Draft
from stampbook.core.due import settle
from stampbook.core.order_money import as_rules_read
from stampbook.core.referrals import (
    PAID,
    close,
    friend_of,
    is_reached,
    referrer_of,
    refuse_referral,
    refused_person,
)
from stampbook.core.refusals import (
    MEMBER_BLOCKED,
    REFERRAL_LIMIT_REACHED,
    Refused,
    refuse,
)
from stampbook.core.refusing import state_refusal
from stampbook.core.self_referral import Traits, payment_of, traits_of_member
from stampbook.facts.points.refused import PointsRefused
from stampbook.facts.referral.completed import ReferralCompleted
from stampbook.facts.referral.refused import ReferralRefused
from stampbook.nouns.order import Order
from stampbook.nouns.referral import Referral
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import MemberId, TransactionId

REWARD_KINDS = {"award", "coupon_award"}


def completes(draft: Draft, activity_id: str, order: Order | None) -> bool:
    """Tell whether an activity of a friend is a qualifying one."""
    settings = draft.definition.referrals
    if not settings.is_active or activity_id not in settings.completed_by:
        return False
    return order is None or order.subtotal * order.rate >= settings.minimum_subtotal


def complete_by(draft: Draft, friend: Book, activity_id: str, order: Order | None) -> None:
    """Complete the referral that brought a member, if they did what completes it."""
    brought = friend.agenda.referred_by
    if brought is None or not completes(draft, activity_id, order):
        return
    referral = draft.referral(brought.id)
    assert referral is not None, "what brought a loaded member is loaded"
    referrer = referrer_of(draft, referral)
    draft.change_agenda(friend, referred_by=None)
    if referrer is None:
        return
    catch_up(draft, referrer)
    paid = payment_of(order.attributes) if order else None
    friend_now = (traits_of_member(friend.member), Traits(payment_fingerprint=paid))
    refused = refused_person(draft, referrer, friend_now, by_claim=referral)
    if refused is not None:
        close(draft, referrer, referral, refused)
        return
    complete(draft, referrer, referral, activity_id, friend=friend, order=order)


def catch_up(draft: Draft, book: Book) -> None:
    """Run what fell due for a member, and come back to the present of the draft."""
    at = draft.at
    settle(draft, book)
    draft.at = at


def complete(
    draft: Draft,
    referrer: Book,
    referral: Referral,
    activity_id: str,
    *,
    friend: Book | None = None,
    order: Order | None = None,
) -> Referral:
    """Complete a referral: the friend is rewarded if enrolled, then the referrer."""
    activity = draft.definition.activity_by_id[activity_id]
    thanks = _thank_friend(draft, friend, order)
    rewards = _reward(draft, referrer, order)
    points = next((one.id for one in rewards if one.kind == "award"), None)
    code = next((one.coupon_code for one in rewards if one.kind == "coupon_award"), None)
    done = replace(
        referral,
        status="completed",
        completed_at=draft.at,
        modified_at=draft.at,
        activity_id=activity_id,
        order_id=order.order_id if order else None,
        order=order.id if order else None,
        friend_award=thanks,
        referrer_award=points,
        referrer_coupon=code,
        remind_at=None,
        version=referral.version + 1,
    )
    draft.put_referral(referrer, done)
    draft.fact(
        ReferralCompleted,
        referrer,
        rule_version=draft.version,
        referral=done,
        friend=friend_of(done, friend),
        activity_id=activity_id,
        activity_name=activity.name,
        order_attributes=order.attributes if order else None,
        rewards=rewards,
        referrer_coupon=draft.coupon(code) if code else None,
        friend_coupon=draft.coupon(done.friend_coupon) if done.friend_coupon else None,
    )
    return done


def _thank_friend(draft: Draft, friend: Book | None, order: Order | None) -> TransactionId | None:
    activity = draft.definition.activity_by_id.get(draft.definition.referrals.friend_activity or "")
    if activity is None or friend is None:
        return None
    awarded = award(
        draft, friend, activity.id, _attributes(draft, activity, order, "Came by a friend")
    )
    if isinstance(awarded, Refused):
        state_refusal(draft, PointsRefused, awarded)
        return None
    return awarded.id


def _reward(draft: Draft, referrer: Book, order: Order | None) -> tuple[Transaction, ...]:
    """Reward a referrer by the program's activity, unless a limit or their status forbids it."""
    settings, member = draft.definition.referrals, referrer.member
    activity = draft.definition.activity_by_id.get(settings.activity or "")
    if activity is None:
        return ()
    if member.status != "active":
        refused = refuse(MEMBER_BLOCKED, member_id=member.member_id, status=member.status)
        state_refusal(draft, ReferralRefused, refused)
        return ()
    if is_reached(draft, referrer, settings.limit, PAID):
        refused = refuse_referral(REFERRAL_LIMIT_REACHED, draft, referrer)
        state_refusal(draft, ReferralRefused, refused)
        return ()
    known = set(draft.changes.transactions)
    awarded = award(
        draft, referrer, activity.id, _attributes(draft, activity, order, "Brought a friend")
    )
    if isinstance(awarded, Refused):
        state_refusal(draft, PointsRefused, awarded)
        return ()
    count(draft, referrer, PAID, times=1, points=0)
    return _given(draft, member.id, activity.id, known)


def _given(
    draft: Draft, member: MemberId, activity_id: str, known: set[TransactionId]
) -> tuple[Transaction, ...]:
    """Give the points and the coupon that an award gave."""
    return tuple(
        one
        for owner, one in draft.changes.transactions.values()
        if owner == member
        and one.id not in known
        and one.activity_id == activity_id
        and one.kind in REWARD_KINDS
    )


def _attributes(
    draft: Draft, activity: Activity, order: Order | None, reason: str
) -> dict[str, Any]:
    """Give what a reward is valued by: of the order only the number that it multiplies."""
    attributes: dict[str, Any] = {"reason": reason, "tags": []}
    multiplied = activity.computation.attribute
    if activity.computation.kind == "multiplier_based" and order is not None:
        read = as_rules_read(order, order.attributes, draft.definition.currency)
        attributes[multiplied] = read.get(multiplied)
    return attributes
