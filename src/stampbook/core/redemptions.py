"""Redemptions: points are spent on a reward at once, or held and then approved or rejected.

Source: contract section 2, redeeming: a hold that times out gives back points and coupon.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from stampbook.core import coupons
from stampbook.core.book import Book
from stampbook.core.counting import count
from stampbook.core.draft import Draft
from stampbook.core.expiry import expire_returned
from stampbook.core.ledger import capture_held, give_back, repay, returned, spend, taken
from stampbook.core.refusals import (
    POINTS_INSUFFICIENT,
    REDEMPTION_REJECTED,
    REWARD_NOT_FOUND,
    REWARD_OUT_OF_STOCK,
    REWARD_POINTS_INVALID,
    TRANSACTION_NOT_FOUND,
    TRANSACTION_NOT_PENDING,
    TRANSACTION_WRONG_KIND,
    RefusalCode,
    Refused,
    refuse,
)
from stampbook.core.refusing import state_refusal
from stampbook.core.rewards import announce, closed_to, is_in_stock
from stampbook.facts.points.redeemed import PointsRedeemed
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.lot import Approver
from stampbook.nouns.reward import Reward
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import TransactionId


def redeem(
    draft: Draft,
    book: Book,
    reward_id: str,
    *,
    points: int | None,
    hold: bool,
    attributes: Mapping[str, Any],
) -> tuple[Transaction, Coupon | None] | Refused:
    """Spend points on a reward, or set them aside until the hold is resolved."""
    reward = draft.definition.reward_by_id.get(reward_id)
    if reward is None:
        return refuse(REWARD_NOT_FOUND, field="reward_id", reward_id=reward_id)
    price = _price(reward, points)
    code = REWARD_POINTS_INVALID if price is None else closed_to(draft, book, reward)
    if code is None and not is_in_stock(draft, reward):
        code = REWARD_OUT_OF_STOCK
    if code is None and price is not None and book.member.balances.available < price:
        code = POINTS_INSUFFICIENT
    if code is not None or price is None:
        return _refused(draft, book, reward, code or REWARD_POINTS_INVALID, price or points or 0)
    shares = spend(draft, book, price, hold=hold)
    redemption = Transaction(
        id=TransactionId(draft.ids.take()),
        member_id=book.member.member_id,
        kind="redeem",
        status="pending" if hold else "redeemed",
        points=price,
        created_at=draft.at,
        modified_at=draft.at,
        approved_at=None if hold else draft.at,
        attributes=dict(attributes),
        reward_id=reward.id,
        reward_name=reward.name,
        reward_link=reward.link,
        hold_expires_at=draft.at + _hold_time(draft) if hold else None,
        rule_version=draft.version,
        paid=shares,
    )
    coupon = coupons.coupon_for(draft, reward, redemption, hold=hold)
    redemption = replace(redemption, coupon_code=coupon.code if coupon else None)
    draft.put_transaction(book, redemption)
    draft.enter(book, "hold" if hold else "redeem", price, redemption.id, moves=taken(shares))
    draft.count_redemption(reward.id, 1)
    count(draft, book, f"reward:{reward.id}", times=1, points=price)
    draft.change_member(book, last_activity_at=draft.at)
    if not hold:
        _state_redeemed(draft, book, redemption)
    if coupon is not None:
        coupons.issue(draft, book, reward, coupon)
    return redemption, coupon


def _price(reward: Reward, points: int | None) -> int | None:
    """Give what the reward costs; None when the asked points do not fit it."""
    if reward.sub_type != "flexible_amount":
        return reward.points if points in {None, reward.points} else None
    wanted = reward.points if points is None else points
    is_within = reward.points <= wanted <= (reward.points_max or wanted)
    return wanted if is_within and (wanted - reward.points) % reward.step == 0 else None


def _hold_time(draft: Draft) -> timedelta:
    return timedelta(minutes=draft.definition.points.hold_minutes)


def _refused(draft: Draft, book: Book, reward: Reward, code: RefusalCode, points: int) -> Refused:
    return refuse(
        code,
        field="points" if code is REWARD_POINTS_INVALID else None,
        member_id=book.member.member_id,
        rule=reward.id,
        rule_version=draft.version,
        reward_id=reward.id,
        needed=points,
        available=book.member.balances.available,
    )


def _state_redeemed(draft: Draft, book: Book, redemption: Transaction) -> None:
    draft.change_member(book, number_of_redemptions=book.member.number_of_redemptions + 1)
    draft.fact(PointsRedeemed, book, rule_version=redemption.rule_version, transaction=redemption)


def held(draft: Draft, transaction_id: TransactionId) -> tuple[Book, Transaction] | Refused:
    """Give a redemption that is on hold, with its member's book."""
    transaction = draft.transaction(transaction_id)
    book = draft.book_of(transaction.member_id) if transaction else None
    if transaction is None or book is None:
        return refuse(TRANSACTION_NOT_FOUND, field="transaction_id", transaction_id=transaction_id)
    about: dict[str, Any] = {
        "field": "transaction_id",
        "member_id": transaction.member_id,
        "transaction_id": transaction_id,
        "reward_id": transaction.reward_id,
    }
    if transaction.kind != "redeem":
        return refuse(TRANSACTION_WRONG_KIND, **about, kind_found=transaction.kind)
    if transaction.status != "pending":
        return refuse(TRANSACTION_NOT_PENDING, **about, status=transaction.status)
    return book, transaction


def capture(draft: Draft, book: Book, hold: Transaction, approver: Approver) -> Transaction:
    """Approve a hold: its points are spent and its coupon is issued."""
    capture_held(draft, book, hold.paid)
    redeemed = replace(
        hold,
        status="redeemed",
        approver=approver,
        approved_at=draft.at,
        modified_at=draft.at,
        hold_expires_at=None,
    )
    draft.put_transaction(book, redeemed)
    draft.enter(book, "capture", hold.points, hold.id)
    _state_redeemed(draft, book, redeemed)
    coupon = book.coupons.get(hold.coupon_code or "")
    if coupon is not None:
        coupons.issue_held(draft, book, coupon)
    return redeemed


def release(
    draft: Draft,
    book: Book,
    hold: Transaction,
    approver: Approver,
    code: RefusalCode = REDEMPTION_REJECTED,
) -> Transaction:
    """Reject a hold, or let it time out: points go back to the lots that paid, the coupon is void.

    Shapes: points of a lot that has expired meanwhile expire at once.
    """
    before = book.member.balances.available
    give_back(draft, book, hold.paid, held=True)
    released = replace(hold, status="rejected", approver=approver, modified_at=draft.at)
    draft.put_transaction(book, released)
    draft.enter(book, "release", hold.points, hold.id, moves=returned(hold.paid))
    reward_id = hold.reward_id or ""
    draft.count_redemption(reward_id, -1)
    count(
        draft,
        book,
        f"reward:{reward_id}",
        times=-1,
        points=-hold.points,
        done_at=hold.created_at,
    )
    refused = refuse(
        code,
        member_id=hold.member_id,
        rule=reward_id,
        rule_version=hold.rule_version,
        reward_id=reward_id,
        transaction_id=hold.id,
        points_returned=hold.points,
    )
    state_refusal(draft, RewardRefused, refused)
    coupon = book.coupons.get(hold.coupon_code or "")
    if coupon is not None:
        coupons.release(draft, book, coupon)
    expire_returned(draft, book)  # points of an expired lot are gone and pay no debt
    repay(draft, book)
    announce(draft, book, before)
    return released
