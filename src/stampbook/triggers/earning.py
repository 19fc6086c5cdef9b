"""Earning: a member is given points by the activities that the program has."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from math import ceil
from typing import Any

import msgspec

from stampbook.nouns.activity import Activity, Expiry
from stampbook.nouns.member import Member
from stampbook.nouns.transaction import Transaction
from stampbook.remote.server import RefusedError
from stampbook.triggers.stage import ImpossibleError, Stage

Fits = Callable[[Activity], bool]

POINTS_MAX = 1_000_000_000
"""More than an award may have."""

NEEDS_ACTIVITY = (
    "Add an activity that may give any number of points, such as:\n"
    "[[activities]]\n"
    'id = "gift"\n'
    'name = "A gift"\n'
    'computation = { kind = "fixed", points = 100 }'
)


def _any(_: Activity) -> bool:
    return True


def give_points(stage: Stage, member: Member, points: int, fits: Fits = _any) -> Transaction:
    """Let a member earn so many points, not one more or less, that can be spent at once.

    Errors: ImpossibleError when no activity that fits gives as many.
    """
    return _give(stage, member, range(points, points + 1), fits)


def _give(stage: Stage, member: Member, worth: range, fits: Fits) -> Transaction:
    points = worth.start
    for activity in _requested(stage, fits):
        try:
            award = _awarded(stage, member, activity, points)
        except RefusedError:  # a cap, or a rule that leaves nothing
            continue
        award = approved(stage, award)
        if award.points in worth:
            stage.did(f"awarded {award.points} points for {activity.id}")
            return award
    raise ImpossibleError(
        f"No activity of the program gives a member {points} points that can be spent.",
        NEEDS_ACTIVITY,
    )


def earn_about(stage: Stage, member: Member, points: int, fits: Fits = _any) -> Transaction:
    """Let a member earn at least so many points, by an order if nothing else gives them."""
    try:
        return _give(stage, member, range(points, POINTS_MAX), fits)
    except ImpossibleError:
        activity = stage.definition.order_activity
        is_open = activity is not None and activity.is_active and fits(activity)
        if activity is None or not is_open or stage.wish("activity_id", ""):
            raise
        recorded = stage.order(member, _amount(activity, points))
        if recorded["transaction"] is None:
            raise
    return approved(stage, msgspec.convert(recorded["transaction"], Transaction))


def let_wait(stage: Stage, member: Member) -> Transaction:
    """Let a member earn points that wait for a moderator or their date.

    Errors: ImpossibleError when everything is approved at once.
    """
    for activity in _requested(stage, lambda one: one.approval.method != "immediate"):
        try:
            award = _awarded(stage, member, activity, stage.number("points", 100))
        except RefusedError:
            continue
        if award.status == "pending":
            stage.did(f"awarded {award.points} points for {activity.id}, which wait")
            return award
    activity = stage.definition.order_activity
    if activity is not None and activity.is_active and activity.approval.method != "immediate":
        recorded = stage.order(member, stage.number("order_subtotal", 100))
        if recorded["transaction"] is not None:
            return msgspec.convert(recorded["transaction"], Transaction)
    raise ImpossibleError(
        "No activity that can be asked for waits for approval.",
        "Add one, such as:\n"
        "[[activities]]\n"
        'id = "moderated"\n'
        'name = "Moderated"\n'
        'computation = { kind = "fixed", points = 100 }\n'
        'approval = { method = "manual" }',
    )


def approved(stage: Stage, award: Transaction) -> Transaction:
    """Approve an award that waits."""
    if award.status != "pending":
        return award
    answer = stage.call("POST", "/v1/points/approve", {"transaction_ids": [award.id]})
    return msgspec.convert(answer["transactions"][0], Transaction)


def earn_briefly(stage: Stage, member: Member, points: int) -> None:
    """Let a member earn points by what expires soonest of all that can be asked for.

    Errors: ImpossibleError when nothing does.
    """
    lives = {one.id: expiry_days(stage, one) for one in activities(stage)}
    for days in sorted({days for days in lives.values() if days is not None}):
        with suppress(ImpossibleError):
            earn_about(stage, member, points, lambda one, days=days: lives[one.id] == days)
            return
    raise ImpossibleError(
        "Points of this program never expire.", "Add to it:\n[points]\nexpiry = { months = 12 }"
    )


def activities(stage: Stage) -> Sequence[Activity]:
    """Give the activities of the program.

    Errors: ImpossibleError when there is none.
    """
    found = stage.definition.activities
    if not found:
        raise ImpossibleError("Nothing earns points in this program.", NEEDS_ACTIVITY)
    return found


def expiry_days(stage: Stage, activity: Activity) -> int | None:
    """Give about how many days an activity's points live; None when for ever."""
    expiry = activity.expiry or stage.definition.points.expiry
    if expiry == Expiry():
        return None
    ends = {"month": 30, "quarter": 91, "year": 365}
    days = (expiry.days or 0) + (expiry.months or 0) * 30
    return days + (ends[expiry.end_of] if expiry.end_of else 0)


def _requested(stage: Stage, fits: Fits) -> Iterator[Activity]:
    """Give the activities that can be asked for, those that give points most freely first."""
    chosen = stage.wish("activity_id", "")
    found = [
        one
        for one in stage.definition.activities
        if one.is_active and one.on == "request" and (one.id == chosen if chosen else fits(one))
    ]
    if chosen and not found:
        raise ImpossibleError(
            f"There is no activity {chosen} that can be asked for.",
            "Choose from those of the program: GET /v1/activities.",
        )
    waits = {"immediate": 0, "manual": 1, "after_days": 2}
    yield from sorted(
        found,
        key=lambda one: (
            one.computation.kind != "fixed",
            waits[one.approval.method],
            len(one.caps),
        ),
    )


def _awarded(stage: Stage, member: Member, activity: Activity, points: int) -> Transaction:
    body: dict[str, Any] = {"member_id": member.member_id, "activity_id": activity.id}
    if activity.computation.kind == "fixed":
        body["points"] = points
    else:
        amount = _amount(activity, points)
        body["transaction_attributes"] = {activity.computation.attribute: amount}
    answer = stage.call("POST", "/v1/points/award", body)
    return msgspec.convert(answer["transaction"], Transaction)


def _amount(activity: Activity, points: int) -> int:
    """Give what an activity must be told for it to be worth about so many points."""
    if activity.computation.kind == "fixed":
        return 1
    return ceil(points / activity.computation.multiplier)
