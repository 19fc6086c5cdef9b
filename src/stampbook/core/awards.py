"""Awards: an activity is valued, and its points wait or become spendable.

Source: contract section 2, earning and moderation.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from stampbook.core import coupon_awards
from stampbook.core.book import Book
from stampbook.core.counters import counted
from stampbook.core.counting import add_to_day, count
from stampbook.core.coupon_awards import award_coupon
from stampbook.core.definition import Activity
from stampbook.core.draft import Draft
from stampbook.core.ledger import expiry_of, open_lot, repay
from stampbook.core.participation import multipliers
from stampbook.core.refusals import (
    ACTIVITY_CAP_REACHED,
    ACTIVITY_INACTIVE,
    ACTIVITY_NEEDS_ORDER,
    ACTIVITY_NOT_FOUND,
    ACTIVITY_POINTS_COMPUTED,
    POINTS_NOTHING_EARNED,
    TRANSACTION_NOT_FOUND,
    TRANSACTION_NOT_PENDING,
    TRANSACTION_WRONG_KIND,
    Refused,
    refuse,
)
from stampbook.core.rewards import announce
from stampbook.core.rules.evaluate import CAMPAIGNS, evaluate, member_inputs
from stampbook.core.tiers import count_towards, multiplier_of, reconsider, standing_of
from stampbook.facts.points.earned import PointsEarned
from stampbook.facts.points.pended import PointsPended
from stampbook.facts.points.rejected import PointsRejected
from stampbook.nouns.lot import Approver
from stampbook.nouns.transaction import Transaction
from stampbook.values.calendars import after_days, local_day
from stampbook.values.ids import LotId, TransactionId
from stampbook.values.instants import Instant


def award(
    draft: Draft,
    book: Book,
    activity_id: str,
    attributes: Mapping[str, Any],
    *,
    read: Mapping[str, Any] | None = None,
    points: int | None = None,
    additional_data: Mapping[str, Any] | None = None,
    order_id: str | None = None,
) -> Transaction | Refused:
    """Award an activity to a member; the points wait, or are spendable at once.

    Shapes: `attributes` are kept as they are; rules read `read` in their place where it is given.
    """
    activity = _open_activity(draft, book, activity_id, points=points, order_id=order_id)
    if isinstance(activity, Refused):
        return activity
    standing = standing_of(draft, book)
    member = book.member if standing is book.member.tier else replace(book.member, tier=standing)
    inputs = member_inputs(activity, member, multiplier_of(draft.definition, standing))
    if draft.program.campaigns and (campaigns := multipliers(book, draft.program)):
        inputs[CAMPAIGNS] = campaigns
    valued = attributes if read is None else read
    worth = points if points is not None else _value(draft, book, activity, valued, inputs)
    if isinstance(worth, Refused):
        if activity.coupon is None or worth.code != POINTS_NOTHING_EARNED.code:
            return worth
        return _only_coupon(draft, book, activity, attributes, order_id)
    capped = within_caps(draft, book, activity, worth)
    if isinstance(capped, Refused):
        return capped
    count(draft, book, f"activity:{activity.id}", times=1, points=capped)
    transaction = Transaction(
        id=TransactionId(draft.ids.take()),
        member_id=book.member.member_id,
        kind="award",
        status="pending",
        points=capped,
        asked=points,
        created_at=draft.at,
        modified_at=draft.at,
        attributes=dict(attributes),
        additional_data=dict(additional_data or {}),
        activity_id=activity.id,
        activity_name=activity.name,
        order_id=order_id,
        auto_approval_at=_auto_approval(draft, activity),
        rule_version=draft.version,
        qualifies=activity.qualifies_for_tier,
        inputs=inputs,
    )
    if activity.approval.method == "immediate":
        transaction = _approved(draft, book, transaction, transaction.approver, "award")
    else:
        draft.change_member(book, last_activity_at=draft.at)
        pend(draft, book, transaction)
    if activity.coupon is not None:
        _award_coupon(draft, book, activity, attributes, order_id)
    return transaction


def _only_coupon(
    draft: Draft,
    book: Book,
    activity: Activity,
    attributes: Mapping[str, Any],
    order_id: str | None,
) -> Transaction | Refused:
    """Give what an activity that is worth no points is worth: its coupon."""
    refused = within_caps(draft, book, activity, 1)
    if isinstance(refused, Refused):
        return refused
    count(draft, book, f"activity:{activity.id}", times=1, points=0)
    draft.change_member(book, last_activity_at=draft.at)
    return _award_coupon(draft, book, activity, attributes, order_id)


def _award_coupon(
    draft: Draft,
    book: Book,
    activity: Activity,
    attributes: Mapping[str, Any],
    order_id: str | None,
) -> Transaction:
    return award_coupon(
        draft,
        book,
        activity,
        attributes,
        auto_approval_at=_auto_approval(draft, activity),
        order_id=order_id,
    )


def _open_activity(
    draft: Draft, book: Book, activity_id: str, *, points: int | None, order_id: str | None
) -> Activity | Refused:
    activity = draft.definition.activity_by_id.get(activity_id)
    if activity is None:
        return refuse(ACTIVITY_NOT_FOUND, field="activity_id", activity_id=activity_id)
    about: dict[str, Any] = {"member_id": book.member.member_id, "rule": activity_id}
    about_it: dict[str, Any] = {"activity_id": activity_id, "order_id": order_id}
    if not activity.is_active:
        return refuse(ACTIVITY_INACTIVE, **about, **about_it)
    if activity.on == "order" and order_id is None:
        return refuse(ACTIVITY_NEEDS_ORDER, field="activity_id", **about, **about_it)
    if points is not None and activity.computation.kind != "fixed":
        return refuse(ACTIVITY_POINTS_COMPUTED, field="points", **about, **about_it)
    return activity


def _value(
    draft: Draft,
    book: Book,
    activity: Activity,
    attributes: Mapping[str, Any],
    inputs: Mapping[str, Any],
) -> int | Refused:
    valuation = evaluate(activity, attributes, inputs)
    if not isinstance(valuation, Refused) and valuation.points:
        return valuation.points
    about: dict[str, Any] = {"activity_id": activity.id, "order_id": attributes.get("order_id")}
    if isinstance(valuation, Refused):
        return replace(
            valuation,
            member_id=book.member.member_id,
            rule=activity.id,
            rule_version=draft.version,
            facts={**valuation.facts, **about},
        )
    return refuse(
        POINTS_NOTHING_EARNED,
        member_id=book.member.member_id,
        rule=activity.id,
        rule_version=draft.version,
        **about,
    )


def within_caps(draft: Draft, book: Book, activity: Activity, points: int) -> int | Refused:
    """Cut an award to what the activity's caps leave; a cap that leaves nothing refuses."""
    day = local_day(draft.at, draft.definition.time_zone)
    for cap in activity.caps:
        so_far = counted(book.counters, f"activity:{activity.id}", cap.per, day)
        if cap.points is not None:
            points = min(points, cap.points - so_far.points)
        if points <= 0 or (cap.times is not None and so_far.times >= cap.times):
            return refuse(
                ACTIVITY_CAP_REACHED,
                member_id=book.member.member_id,
                rule=activity.id,
                rule_version=draft.version,
                activity_id=activity.id,
                per=cap.per,
                cap_points=cap.points,
                cap_times=cap.times,
            )
    return points


def _auto_approval(draft: Draft, activity: Activity) -> Instant | None:
    if activity.approval.method != "after_days" or activity.approval.days is None:
        return None
    return after_days(draft.at, activity.approval.days, draft.definition.time_zone)


def pend(draft: Draft, book: Book, award: Transaction) -> Transaction:
    """Let an award wait for its moderator or its date."""
    draft.put_transaction(book, award)
    draft.enter(book, "pend", award.points, award.id)
    draft.fact(PointsPended, book, rule_version=award.rule_version, transaction=award)
    return award


def approve(draft: Draft, book: Book, award: Transaction, approver: Approver) -> Transaction:
    """Approve a pending award: its lot opens and its expiry starts now, or its coupon is given."""
    if award.kind == "coupon_award":
        return coupon_awards.resolve(draft, book, award, approver, approved=True)
    return _approved(draft, book, award, approver, "approve")


def _approved(
    draft: Draft,
    book: Book,
    award: Transaction,
    approver: Approver,
    kind: str,
) -> Transaction:
    definition = draft.definition
    activity = definition.activity_by_id.get(award.activity_id or "")
    expiry = (activity.expiry if activity else None) or definition.points.expiry
    approved = replace(
        award,
        status="approved",
        approver=approver,
        approved_at=draft.at,
        modified_at=draft.at,
        expires_at=expiry_of(expiry, draft.at, definition.time_zone),
        lot_id=LotId(draft.ids.take()),
    )
    lot = open_lot(draft, book, approved)
    draft.put_transaction(book, approved)
    before = book.member.balances.available
    draft.change_member(book, last_activity_at=draft.at)
    draft.enter(
        book,
        "award" if kind == "award" else "approve",
        award.points,
        award.id,
        qualified=award.points if award.qualifies else 0,
        moves={lot.id: award.points},
    )
    add_to_day(draft, book, earned=award.points)
    repay(draft, book)
    standing = count_towards(draft, book, points=award.points if award.qualifies else 0)
    draft.fact(
        PointsEarned,
        book,
        rule_version=award.rule_version,
        transaction=approved,
        was_pending=kind == "approve",
    )
    reconsider(draft, book, standing)
    announce(draft, book, before)
    return approved


def reject(draft: Draft, book: Book, award: Transaction, approver: Approver) -> Transaction:
    """Reject a pending award; its points never become spendable, and its coupon is void."""
    if award.kind == "coupon_award":
        return coupon_awards.resolve(draft, book, award, approver, approved=False)
    rejected = replace(award, status="rejected", approver=approver, modified_at=draft.at)
    draft.put_transaction(book, rejected)
    draft.enter(book, "reject", award.points, award.id)
    draft.fact(PointsRejected, book, rule_version=award.rule_version, transaction=rejected)
    return rejected


def resolvable(
    draft: Draft, transaction_ids: Iterable[TransactionId]
) -> list[tuple[Book, Transaction]] | Refused:
    """Give the pending awards of a request, each once; one that is not pending refuses all."""
    found: list[tuple[Book, Transaction]] = []
    for transaction_id in dict.fromkeys(transaction_ids):
        transaction = draft.transaction(transaction_id)
        book = draft.book_of(transaction.member_id) if transaction else None
        if transaction is None or book is None:
            return refuse(
                TRANSACTION_NOT_FOUND, field="transaction_ids", transaction_id=transaction_id
            )
        about: dict[str, Any] = {
            "field": "transaction_ids",
            "member_id": transaction.member_id,
            "transaction_id": transaction_id,
        }
        if transaction.kind not in {"award", "coupon_award"}:
            return refuse(TRANSACTION_WRONG_KIND, **about, kind_found=transaction.kind)
        if transaction.status != "pending":
            return refuse(TRANSACTION_NOT_PENDING, **about, status=transaction.status)
        found.append((book, transaction))
    return found
