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
from stampbook.core.refusals import Refused
from stampbook.facts import FactData
from stampbook.values.ids import MemberId, TransactionId
from stampbook.values.instants import Instant

__all__ = ["Command", "CommandType", "Due", "Needs", "catalogue", "kind_of"]


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
    (`Refused.member_id`); None stores none. `writes` False is for due work without a reply.
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
