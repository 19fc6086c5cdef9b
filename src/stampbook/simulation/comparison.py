"""Comparison: what a changed program would have given, against what the present one gives. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from heapq import nlargest

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.definition import Definition
from stampbook.core.refusals import Refused
from stampbook.core.rules.evaluate import evaluate
from stampbook.core.rules.explain import explain
from stampbook.nouns.member import Balances, Member
from stampbook.nouns.transaction import Transaction
from stampbook.simulation.replay import Standing
from stampbook.values.instants import Instant
from stampbook.values.money import from_minor, to_minor

BIGGEST = 10
"""Units: differences told one by one."""
AWARDS_EXPLAINED = 3
"""Units: awards of a difference told one by one."""

NO_TIER = "none"
WORTH = {"fixed_amount", "flexible_amount", "gift_card"}
"""The rewards that say what a point is worth in money."""


class Totals(Struct, frozen=True, kw_only=True):
    """All members' points, and how many requests were refused.

    Units: points; `liability` is what the points that are not spent yet are worth, in the
    program's currency, by the reward that gives most for a point.
    """

    balances: Balances = Balances()
    liability: float = 0.0
    refused: int = 0


class TierMove(Struct, frozen=True, kw_only=True):
    """How many members would be in another tier now."""

    before: str
    after: str
    members: int


class Difference(Struct, frozen=True, kw_only=True):
    """What a changed program would mean for a member. Units: points given, spent or not."""

    member_id: str
    before: int
    after: int
    tier_before: str
    tier_after: str
    because: tuple[str, ...]

    @property
    def change(self) -> int:
        """How many points more, or below zero fewer."""
        return self.after - self.before


class Report(Struct, frozen=True, kw_only=True):
    """What a changed program would have done since a date.

    Shapes: `before` is the present program run over the same history. `unlike_the_ledger` counts
    the members whom that run does not leave where the ledger has them: by what a simulation does
    not know, such as stock that ran out. Deleted members have no history left and are not in it;
    `forgotten` counts those who are not in it because a part of their history is not kept any more.
    """

    since: Instant
    until: Instant
    members: int = 0
    gaining: int = 0
    losing: int = 0
    before: Totals = Totals()
    after: Totals = Totals()
    tier_moves: tuple[TierMove, ...] = ()
    biggest: tuple[Difference, ...] = ()
    unlike_the_ledger: int = 0
    forgotten: int = 0


class Compared(Struct, frozen=True, kw_only=True):
    """A member as stored, replayed by the present program, and replayed by the changed one."""

    stored: Member
    before: Standing
    after: Standing


def compare(found: Iterable[Compared], nothing: Report, definition: Definition) -> Report:
    """Give the report of some members; `nothing` is one of none.

    `definition` is the changed one, which explains what it would have given.
    """
    report, moves = nothing, Counter[tuple[str, str]]()
    biggest: list[Compared] = []
    for one in found:
        change = given(one.after) - given(one.before)
        moves[_tier(one.before), _tier(one.after)] += 1
        report = replace(
            report,
            members=report.members + 1,
            gaining=report.gaining + (change > 0),
            losing=report.losing + (change < 0),
            before=_added(report.before, _totals(one.before)),
            after=_added(report.after, _totals(one.after)),
            unlike_the_ledger=report.unlike_the_ledger + (not _is_like(one)),
        )
        if change or _tier(one.before) != _tier(one.after):
            biggest.append(one)
    moved = tuple(
        TierMove(before=before, after=after, members=members)
        for (before, after), members in sorted(moves.items())
        if before != after
    )
    chosen = nlargest(BIGGEST, biggest, key=_size)
    return replace(
        report, tier_moves=moved, biggest=tuple(_difference(one, definition) for one in chosen)
    )


def together(one: Report, other: Report) -> Report:
    """Give the report of two groups of members as one."""
    moves = Counter[tuple[str, str]]()
    for move in (*one.tier_moves, *other.tier_moves):
        moves[move.before, move.after] += move.members
    differences = (*one.biggest, *other.biggest)
    return replace(
        one,
        members=one.members + other.members,
        gaining=one.gaining + other.gaining,
        losing=one.losing + other.losing,
        before=_added(one.before, other.before),
        after=_added(one.after, other.after),
        tier_moves=tuple(
            TierMove(before=before, after=after, members=members)
            for (before, after), members in sorted(moves.items())
        ),
        biggest=tuple(
            nlargest(BIGGEST, differences, key=lambda each: (abs(each.change), each.member_id))
        ),
        unlike_the_ledger=one.unlike_the_ledger + other.unlike_the_ledger,
        forgotten=one.forgotten + other.forgotten,
    )


def valued(report: Report, before: Definition, after: Definition) -> Report:
    """Give a report with its liabilities in money."""
    return replace(
        report,
        before=replace(report.before, liability=_liability(report.before.balances, before)),
        after=replace(report.after, liability=_liability(report.after.balances, after)),
    )


def given(standing: Standing) -> int:
    """Give the points that a member was given and that were not rejected."""
    if standing.member is None:
        return 0
    balances = standing.member.balances
    return balances.issued - balances.rejected


def _liability(balances: Balances, definition: Definition) -> float:
    worth = max(
        (
            Decimal(str(reward.value))
            * (1 if reward.sub_type == "flexible_amount" else Decimal(1) / reward.points)
            for reward in definition.rewards
            if reward.sub_type in WORTH and reward.value is not None and reward.is_active
        ),
        default=Decimal(0),
    )
    minor = to_minor(float(worth * max(0, balances.available + balances.held)), definition.currency)
    return from_minor(minor or 0, definition.currency)


def _totals(standing: Standing) -> Totals:
    balances = standing.member.balances if standing.member else Balances()
    return Totals(balances=balances, refused=standing.refused)


def _added(one: Totals, other: Totals) -> Totals:
    sums = {
        name: getattr(one.balances, name) + getattr(other.balances, name)
        for name in Balances.__struct_fields__
    }
    return Totals(balances=Balances(**sums), refused=one.refused + other.refused)


def _tier(standing: Standing) -> str:
    tier = standing.member.tier if standing.member else None
    return tier.tier_id if tier else NO_TIER


def _is_like(one: Compared) -> bool:
    return one.before.member is not None and one.before.member.balances == one.stored.balances


def _size(one: Compared) -> tuple[int, str]:
    return abs(given(one.after) - given(one.before)), one.stored.member_id


def _difference(one: Compared, definition: Definition) -> Difference:
    return Difference(
        member_id=one.stored.member_id,
        before=given(one.before),
        after=given(one.after),
        tier_before=_tier(one.before),
        tier_after=_tier(one.after),
        because=tuple(_because(one.before.awards, one.after.awards, definition)),
    )


def _because(
    before: Mapping[str, Transaction], after: Mapping[str, Transaction], definition: Definition
) -> Iterator[str]:
    """Give the awards that differ most, and why the first of them is worth what it is worth."""
    changes = {
        key: _points(after.get(key)) - _points(before.get(key)) for key in {**before, **after}
    }
    chosen = nlargest(AWARDS_EXPLAINED, changes, key=lambda key: (abs(changes[key]), key))
    for place, key in enumerate(key for key in chosen if changes[key]):
        award = after.get(key) or before[key]
        what = f"Order {award.order_id}" if award.order_id else award.activity_name or "An award"
        yield f"{what}: {_points(after.get(key))} points, was {_points(before.get(key))}."
        if not place and key in after:
            yield from _explained(after[key], definition)


def _points(award: Transaction | None) -> int:
    return award.points if award else 0


def _explained(award: Transaction, definition: Definition) -> tuple[str, ...]:
    activity = definition.activity_by_id.get(award.activity_id or "")
    valuation = evaluate(activity, award.attributes, award.inputs) if activity else None
    if valuation is None or isinstance(valuation, Refused):
        return ()
    return explain(valuation).sentences()
