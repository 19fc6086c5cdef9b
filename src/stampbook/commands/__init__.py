"""Commands: what can be asked for, one verb one file; the path is the name.

A file holds the command (also the request's schema), what it needs loaded, its result (also the
reply's schema) and `decide`. Pure: `decide` maps a draft to a result or a refusal.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from msgspec import Struct

from stampbook.core.draft import Draft
from stampbook.core.due import settle
from stampbook.core.refusals import Refused
from stampbook.core.refusing import state_refusal
from stampbook.facts import FactData
from stampbook.values.ids import MemberId, TransactionId
from stampbook.values.instants import Instant

__all__ = ["Command", "CommandType", "Due", "Needs", "catalogue", "decide", "kind_of"]


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something asked of the engine."""


class Due(Struct, frozen=True):
    """Members with work that falls due: the `limit` earliest whose due_at is at most `until`."""

    until: Instant
    limit: int


class Needs(Struct, frozen=True, kw_only=True):
    """What a command reads; the engine loads and locks it for the whole batch at once.

    Shapes: the owner of each transaction, order and coupon is locked too. An order brings its
    award, and the definition version that valued it; a redemption brings the lots that paid it.
    `rewards` bring their redemption count and free codes, locked after the members.
    `retired` are member_ids to be looked up among the deleted.
    """

    members: tuple[str, ...] = ()
    """By the merchant's member_id."""
    ids: tuple[MemberId, ...] = ()
    transactions: tuple[TransactionId, ...] = ()
    orders: tuple[str, ...] = ()
    coupons: tuple[str, ...] = ()
    rewards: tuple[str, ...] = ()
    due: Due | None = None


class CommandType(Struct, frozen=True, kw_only=True):
    """One verb.

    Shapes: `refusal` is the fact that a refusal is stored as when it concerns a known member
    (`Refused.member_id`); None stores none.
    """

    command: type[Command]
    result: type[Struct]
    needs: Callable[[Any], Needs]
    decide: Callable[[Draft, Any], Struct | Refused]
    refusal: type[FactData] | None = None

    @property
    def name(self) -> str:
        """The verb, made from the path of the file."""
        return self.command.__module__.removeprefix(f"{__name__}.")


@cache
def catalogue() -> Mapping[str, CommandType]:
    """Give every verb by name, found by walking this folder."""
    found: dict[str, CommandType] = {}
    for module in iter_modules(__path__, f"{__name__}."):
        kind: CommandType = import_module(module.name).COMMAND
        found[kind.name] = kind
    return found


@cache
def kind_of(command: type[Command]) -> CommandType:
    """Give the verb of a command."""
    return catalogue()[command.__module__.removeprefix(f"{__name__}.")]


def decide(draft: Draft, command: Command) -> Struct | Refused:
    """Decide one command: first what fell due for its members, then what it asks.

    Shapes: a refusal changes nothing but what fell due, and is stored as a fact of its member.
    Source: decisions/0003.
    """
    kind = kind_of(type(command))
    needs = kind.needs(command)
    if needs.due is None:
        for member_id in _owners(draft, needs):
            book = draft.book_of(member_id)
            if book is not None:
                settle(draft, book)
    before = draft.changes.size()
    result = kind.decide(draft, command)
    if isinstance(result, Refused):
        assert draft.changes.size() == before, f"{kind.name} changed something and then refused"
        state_refusal(draft, kind.refusal, result)
    return result


def _owners(draft: Draft, needs: Needs) -> dict[str, None]:
    """Give the member_ids that a command touches, each once, in a stable order."""
    owners = dict.fromkeys(needs.members)
    if not (needs.transactions or needs.orders or needs.coupons):
        return owners
    found = (
        *(draft.transaction(transaction_id) for transaction_id in needs.transactions),
        *(draft.order(order_id) for order_id in needs.orders),
        *(draft.coupon(code) for code in needs.coupons),
    )
    owners.update((record.member_id, None) for record in found if record is not None)
    return owners
