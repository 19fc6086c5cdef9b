"""Moving: lots, pending awards and coupons leave one member for another.

Shapes: no point is made or lost: what leaves one ledger enters the other in the same command.
Source: decisions/0016.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.core.ledger import returned, taken
from stampbook.nouns.lot import Approver, Lot, LotOrigin, LotShare
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import LotId, TransactionId


def transfer(
    draft: Draft,
    source: Book,
    target: Book,
    shares: tuple[LotShare, ...],
    approver: Approver,
) -> tuple[TransactionId, TransactionId]:
    """Write down on both sides that points leave the source for the target; the lots are others'.

    Shapes: gives the ids of the two transactions; the target's lots are opened with the second.
    """
    attributes = {"from": source.member.member_id, "into": target.member.member_id}
    points = sum(share.points for share in shares)
    ids: list[TransactionId] = []
    for book, paid in ((source, shares), (target, ())):
        one = Transaction(
            id=TransactionId(draft.ids.take()),
            member_id=book.member.member_id,
            kind="transfer",
            status="transferred",
            points=points,
            created_at=draft.at,
            modified_at=draft.at,
            approved_at=draft.at,
            approver=approver,
            attributes=dict(attributes),
            rule_version=draft.version,
            paid=paid,
        )
        draft.put_transaction(book, one)
        ids.append(one.id)
    return ids[0], ids[1]


def move_lots(
    draft: Draft, source: Book, target: Book, lots: Iterable[Lot], approver: Approver
) -> dict[LotId, LotId]:
    """Move what remains of lots into new lots of the target; gives where each went."""
    shares = tuple(LotShare(lot.id, lot.remaining) for lot in lots if lot.remaining)
    if not shares:
        return {}
    left, came = transfer(draft, source, target, shares, approver)
    opened: dict[LotId, LotId] = {}
    for share in shares:
        lot = source.lots[share.lot_id]
        draft.put_lot(source, replace(lot, remaining=0))
        twin = _twin(draft, target, lot, came)
        draft.put_lot(target, twin)
        opened[lot.id] = twin.id
    points = sum(share.points for share in shares)
    draft.enter(source, "transfer_out", points, left, moves=taken(shares))
    arrived = {opened[share.lot_id]: share.points for share in shares}
    draft.enter(target, "transfer_in", points, came, moves=arrived)
    return opened


def _twin(draft: Draft, target: Book, lot: Lot, transfer_id: TransactionId) -> Lot:
    """Give a lot of the target with the points, the dates and the origin of another lot."""
    return replace(
        lot,
        id=LotId(draft.ids.take()),
        member_id=target.member.member_id,
        transaction_id=transfer_id,
        points=lot.remaining,
        held=0,
        origin=LotOrigin(
            lot_id=lot.id,
            transaction_id=lot.award_id,
            member_id=lot.origin.member_id if lot.origin else lot.member_id,
        ),
    )


def return_lots(
    draft: Draft,
    source: Book,
    target: Book,
    opened: Mapping[LotId, LotId],
    approver: Approver,
) -> int:
    """Move what is left of a source's points back into the lots that they came from.

    Units: gives the points that went back; what the target has spent, holds or lost stays so.
    """
    left = {twin: target.lots[twin] for twin in opened.values() if twin in target.lots}
    shares = tuple(LotShare(twin.id, twin.remaining) for twin in left.values() if twin.remaining)
    if not shares:
        return 0
    gone, came = transfer(draft, target, source, shares, approver)
    origin = {twin: lot for lot, twin in opened.items()}
    back = tuple(LotShare(origin[share.lot_id], share.points) for share in shares)
    for share, home in zip(shares, back, strict=True):
        draft.put_lot(target, replace(left[share.lot_id], remaining=0))
        lot = draft.lot(source, home.lot_id)
        draft.put_lot(source, replace(lot, remaining=lot.remaining + home.points))
    points = sum(share.points for share in shares)
    draft.enter(target, "transfer_out", points, gone, moves=taken(shares))
    draft.enter(source, "transfer_in", points, came, moves=returned(back))
    return points


def move_award(draft: Draft, source: Book, target: Book, award: Transaction) -> None:
    """Let a pending award wait with another member; it keeps its id and its date."""
    draft.enter(source, "pend_out", award.points, award.id)
    draft.enter(target, "pend_in", award.points, award.id)
    del source.pending[award.id]
    draft.put_transaction(target, _handed_over(award, target))


def move_coupon(draft: Draft, source: Book, target: Book, code: str) -> None:
    """Give a coupon that may still be used to another member."""
    coupon = source.coupons.pop(code)
    draft.put_coupon(target, replace(coupon, **_owner(target)))


def _handed_over(award: Transaction, target: Book) -> Transaction:
    return replace(award, **_owner(target))


def _owner(target: Book) -> dict[str, Any]:
    return {"member_id": target.member.member_id}
