"""Entries: every change of points moves them from one bucket to another, so none is lost.

Source: contract section 2; research I12: issued = available + pending + held + redeemed +
deducted + expired + rejected holds because each kind names where points leave and where they go.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from stampbook.nouns.member import Balances
from stampbook.values.ids import CommandId, EntryId, LotId, MemberId, TransactionId
from stampbook.values.instants import Instant

Bucket = Literal[
    "issued", "available", "pending", "held", "redeemed", "deducted", "expired", "rejected"
]
EntryKind = Literal[
    "pend",
    "award",
    "approve",
    "reject",
    "hold",
    "capture",
    "release",
    "redeem",
    "refund",
    "deduct",
    "expire",
    "disqualify",
    "repay",
    "transfer_out",
    "transfer_in",
    "pend_out",
    "pend_in",
    "coupon",
]

MOVES: dict[EntryKind, tuple[Bucket, Bucket]] = {
    "pend": ("issued", "pending"),
    "award": ("issued", "available"),
    "approve": ("pending", "available"),
    "reject": ("pending", "rejected"),
    "hold": ("available", "held"),
    "capture": ("held", "redeemed"),
    "release": ("held", "available"),
    "redeem": ("available", "redeemed"),
    "refund": ("redeemed", "available"),
    "deduct": ("available", "deducted"),
    "expire": ("available", "expired"),
    "disqualify": ("available", "available"),  # a tier lost what the balance no longer held
    "transfer_out": ("available", "issued"),  # to another member: decisions/0016
    "transfer_in": ("issued", "available"),
    "pend_out": ("pending", "issued"),
    "pend_in": ("issued", "pending"),
    "coupon": ("available", "available"),  # of no points: an award of a coupon
    "repay": ("available", "available"),  # a new lot pays back what was deducted beyond the lots
}


EARNED: dict[EntryKind, int] = {"award": 1, "approve": 1, "transfer_in": 1, "transfer_out": -1}
"""Which way an entry moves what the member has earned in all."""


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the ledger; never changed.

    Units: points, 0 or more; the kind gives the direction. `debt` is by how much this entry raises
    (deduct) or lowers (repay) what the member owes. `qualified` and `spend_minor` are what it adds
    to the tier's counters, and may be below zero. `moves` are what it gave to each lot, or took
    from it (below zero).
    """

    id: EntryId
    member: MemberId
    transaction_id: TransactionId
    kind: EntryKind
    points: int
    debt: int = 0
    qualified: int = 0
    at: Instant
    available_after: int
    command_id: CommandId
    moves: Mapping[LotId, int] = {}


def moved(balances: Balances, kind: EntryKind, points: int, debt: int) -> Balances:
    """Give the balances after an entry."""
    source, target = MOVES[kind]
    values = {source: getattr(balances, source) + (points if source == "issued" else -points)}
    before = values[target] if target == source else getattr(balances, target)
    values[target] = before + (-points if target == "issued" else points)
    if kind in EARNED:
        values["earned"] = balances.earned + EARNED[kind] * points
    if debt:
        values["debt"] = balances.debt + debt
    return replace(balances, **values)
