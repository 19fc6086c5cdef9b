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
    "repay": ("available", "available"),  # a new lot pays back what was deducted beyond the lots
}


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
    values = {field: getattr(balances, field) for field in (source, target)}
    if source == "issued":
        values["issued"] += points
    else:
        values[source] -= points
    values[target] += points
    if kind in {"award", "approve"}:
        values["earned"] = balances.earned + points
    if debt:
        values["debt"] = balances.debt + debt
    return replace(balances, **values)
