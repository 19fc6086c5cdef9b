"""Replay: one member's history is decided again, by the programs of a timeline. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from stampbook.commands import Command, decide
from stampbook.commands.approve_points import ApprovePoints
from stampbook.commands.award_points import PointsAwarded
from stampbook.commands.cancel_coupon import CancelCoupon
from stampbook.commands.redeem_reward import RedeemReward, RewardRedeemed
from stampbook.commands.reject_points import RejectPoints
from stampbook.core.book import Book
from stampbook.core.definition import Definition
from stampbook.core.draft import Draft, Program, State
from stampbook.core.due import settle
from stampbook.core.growth import Reminders
from stampbook.core.refusals import Refused
from stampbook.nouns.member import Member
from stampbook.nouns.transaction import Transaction
from stampbook.simulation.history import Action, Resolve
from stampbook.values.ids import CommandIds, TransactionId
from stampbook.values.instants import Instant, to_ms

CAUSE = "simulation"
NO_REMINDERS = Reminders(expiring_days=())


class Timeline(Struct, frozen=True, kw_only=True):
    """Which program was or would have been in force from which instant, in their order.

    Shapes: `past` are all definitions by version, for returns of what they valued.
    """

    programs: tuple[tuple[Instant, Program], ...]
    past: Mapping[int, Definition]
    until: Instant


class Standing(Struct, frozen=True, kw_only=True):
    """Where a member stands at the end of a replay.

    Shapes: `awards` by order, or by the id that the award was once stored with.
    """

    member: Member | None
    awards: dict[str, Transaction]
    refused: int


def quiet(program: Program) -> Program:
    """Give a program that reminds nobody: reminders change no points and take most of the time."""
    return replace(program, definition=replace(program.definition, reminders=NO_REMINDERS))


def replay(member_id: str, history: Sequence[Action], timeline: Timeline) -> Standing:
    """Decide a member's history again."""
    return _Replay(member_id, timeline).run(history)


class _Replay:
    def __init__(self, member_id: str, timeline: Timeline) -> None:
        self._member_id = member_id
        self._timeline = timeline
        self._state = State(timeline.programs[0][1])
        self._state.past.update(timeline.past)
        self._ids = CommandIds(0)
        self._draws = count()
        self._made: dict[TransactionId, Transaction] = {}
        self._refused = 0

    def run(self, history: Iterable[Action]) -> Standing:
        coming = list(self._timeline.programs[1:])
        for action in history:
            while coming and coming[0][0] <= action.at:
                self._change(*coming.pop(0))
            self._do(action)
        for start, program in coming:
            self._change(start, program)
        book = self._settle(self._timeline.until)
        return Standing(
            member=book.member if book else None, awards=self._awards(), refused=self._refused
        )

    def _change(self, start: Instant, program: Program) -> None:
        self._settle(start)
        self._state.program = program
        self._state.past[program.version] = program.definition

    def _settle(self, at: Instant) -> Book | None:
        draft = self._draft(at)
        book = draft.book_of(self._member_id)
        if book is not None:
            settle(draft, book)
            draft.merge()
        return book

    def _draft(self, at: Instant) -> Draft:
        command_id = self._ids.take(to_ms(at))
        return Draft(self._state, now=at, command_id=command_id, cause=CAUSE, secret=self._secret)

    def _secret(self, length: int) -> bytes:
        """Give bytes that look random and are the same in every run."""
        return hashlib.shake_128(f"{self._member_id}:{next(self._draws)}".encode()).digest(length)

    def _do(self, action: Action) -> None:
        command = self._resolve(action.asks) if isinstance(action.asks, Resolve) else action.asks
        if command is None:
            self._refused += 1
            return
        if isinstance(command, RedeemReward):
            # stock and pools are everybody's: a member alone never finds them empty
            self._state.codes[command.reward_id] = [f"SIMULATED-{next(self._draws)}"]
            self._state.redeemed.clear()
        draft = self._draft(action.at)
        result = decide(draft, command)
        draft.merge()
        if isinstance(result, Refused):
            self._refused += 1
        elif action.made is not None and isinstance(result, PointsAwarded | RewardRedeemed):
            self._made[action.made] = result.transaction

    def _resolve(self, asked: Resolve) -> Command | None:
        """Give the request for what the transaction has become here; None when there is none."""
        found = self._transaction(asked)
        if found is None:
            return None
        match asked.verb:
            case "approve":
                return ApprovePoints(transaction_ids=(found.id,), approver=asked.approver)
            case "reject":
                return RejectPoints(transaction_ids=(found.id,), approver=asked.approver)
            case _:
                return CancelCoupon(code=found.coupon_code) if found.coupon_code else None

    def _transaction(self, asked: Resolve) -> Transaction | None:
        if asked.order_id is None:
            return self._made.get(asked.transaction_id)
        order = self._state.orders.get(asked.order_id)
        return self._state.transactions.get(order.award_id) if order and order.award_id else None

    def _awards(self) -> dict[str, Transaction]:
        awards = {
            order_id: self._state.transactions[order.award_id]
            for order_id, order in self._state.orders.items()
            if order.award_id is not None
        }
        awards.update(
            (cast("str", stored), self._state.transactions[one.id])
            for stored, one in self._made.items()
            if one.kind == "award"
        )
        return awards
