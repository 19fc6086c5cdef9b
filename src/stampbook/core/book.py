"""A book: all that the engine holds of one member while it decides."""

from stampbook.core.agenda import NOTHING_PLANNED, Agenda
from stampbook.core.counters import Counters
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.lot import Lot
from stampbook.nouns.member import Member
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import LotId, TransactionId


class Book:
    """A member with everything of theirs that is still open.

    Shapes: `lots` that have points left or on hold, whether or not expired; `pending` awards of
    points and of coupons; `holds`, which are pending redemptions; `coupons` that are held or
    issued, by code.
    """

    __slots__ = ("agenda", "counters", "coupons", "holds", "lots", "member", "pending")

    def __init__(
        self,
        member: Member,
        counters: Counters,
        agenda: Agenda = NOTHING_PLANNED,
        *,
        lots: dict[LotId, Lot] | None = None,
        pending: dict[TransactionId, Transaction] | None = None,
        holds: dict[TransactionId, Transaction] | None = None,
        coupons: dict[str, Coupon] | None = None,
    ) -> None:
        self.member = member
        self.counters = counters
        self.agenda = agenda
        self.lots = lots if lots is not None else {}
        self.pending = pending if pending is not None else {}
        self.holds = holds if holds is not None else {}
        self.coupons = coupons if coupons is not None else {}

    def copy(self) -> "Book":
        """Give a book whose changes do not touch this one; the records in it are frozen."""
        return Book(
            self.member,
            self.counters,
            self.agenda,
            lots=dict(self.lots),
            pending=dict(self.pending),
            holds=dict(self.holds),
            coupons=dict(self.coupons),
        )
