"""A lot: the points of one approved award, with what remains of them and when they expire."""

from typing import Any

from msgspec import Struct

from stampbook.values.amounts import Line
from stampbook.values.ids import LotId, TransactionId
from stampbook.values.instants import Instant


class Approver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who approved or rejected; the System when no person did."""

    id: Line | None = None
    name: Line = "System"


SYSTEM = Approver()


class LotShare(Struct, frozen=True):
    """How much of a debit one lot paid. Units: points."""

    lot_id: LotId
    points: int


class LotOrigin(Struct, frozen=True, kw_only=True):
    """Where the points of a lot were before they moved with a merge.

    Shapes: `lot_id` is the lot that they moved out of; `transaction_id` and `member_id` are of the
    award itself, whoever has had its points since.
    """

    lot_id: LotId
    transaction_id: TransactionId
    member_id: str


class Lot(Struct, frozen=True, kw_only=True):
    """The points of one approved award.

    Shapes: at `expires_at` the remaining points are gone, whether or not a job has run; None is
    never. remaining + held <= points. Units: points.
    """

    id: LotId
    member_id: str
    transaction_id: TransactionId
    """The award that opened it, or the transfer that brought it."""
    activity_id: str | None = None
    points: int
    remaining: int
    held: int = 0
    """Spent by redemptions that are still on hold."""
    opened_at: Instant
    expires_at: Instant | None = None
    awarded_at: Instant
    """When the award was made; it is approved at `opened_at`."""
    approver: Approver = SYSTEM
    origin: LotOrigin | None = None
    """Of points that a merge brought."""

    @property
    def award_id(self) -> TransactionId:
        """The award that the points come from."""
        return self.origin.transaction_id if self.origin else self.transaction_id


def zinrelo_expiry(lot: Lot, points: int, at: Instant) -> dict[str, Any]:
    """Spell an expiry as `transaction_info`: it carries the id of the award that expired."""
    return {
        "id": lot.award_id,
        "transaction_type": "award",
        "member_id": lot.member_id,
        "expiry_info": {"points_status": "expired", "points": points},
        "approved_date": lot.opened_at,
        "approver_details": {
            "approver_id": lot.approver.id,
            "approver_name": lot.approver.name,
        },
        "last_modified_date": at,
        "created_date": lot.awarded_at,
    }
