"""An audience: somebody is made who meets the conditions of a campaign."""

from collections.abc import Sequence
from math import ceil
from typing import Any, cast

from stampbook.nouns.activity import Condition
from stampbook.nouns.campaign import Audience, Campaign
from stampbook.nouns.member import Member
from stampbook.triggers.earning import earn_about
from stampbook.triggers.stage import ImpossibleError, Stage, path

NEEDS_CAMPAIGN = (
    "Add one, such as:\n"
    "[[campaigns]]\n"
    'id = "friends"\n'
    'name = "Friends"\n'
    "entry = { conditions = [\n"
    '  { attribute = "member.tags", operator = "contains_any", value = ["friend"] },\n'
    "] }"
)
CUSTOM = "custom."
ADDRESS = "address."
ORDERS_MAX = 50
LISTS = frozenset({"one_of", "contains_any", "contains_all", "between"})
NEGATIVE = frozenset(
    {"not_equals", "not_one_of", "contains_none", "is_not_set", "at_most", "less_than"}
)
"""What somebody meets of whom nothing is known."""


def campaign_to_enter(stage: Stage) -> Campaign:
    """Give the campaign that was chosen, or one that is running or will be.

    Errors: ImpossibleError when there is none.
    """
    now, chosen = stage.now, stage.wish("campaign_id", "")
    found = [
        one
        for one in stage.definition.campaigns
        if one.is_active and (one.ends_at is None or one.ends_at > now) and chosen in {"", one.id}
    ]
    if not found:
        wanted = f"no campaign {chosen}" if chosen else "no campaign"
        raise ImpossibleError(f"The program has {wanted} that is or will be open.", NEEDS_CAMPAIGN)
    return min(found, key=lambda one: one.starts_at is not None and one.starts_at > now)


def enter(stage: Stage, campaign: Campaign) -> Member:
    """Make somebody who meets the entry conditions of a campaign, while it is open."""
    if campaign.starts_at is not None and campaign.starts_at > stage.now:
        stage.advance_to(campaign.starts_at)
    member = stage.enrol(**_profile(campaign.entry))
    _do(stage, member, campaign.entry)
    if campaign.entry_delay_days:
        stage.advance_days(campaign.entry_delay_days)
    return member


def leave(stage: Stage, campaign: Campaign, member: Member) -> None:
    """Let somebody meet the exit conditions of a campaign.

    Shapes: without conditions of its own, whoever is not active any more leaves.
    """
    if campaign.exit is None:
        stage.call("PATCH", path("members", member.member_id), {"status": "inactive"})
        stage.did(f"made {member.member_id} inactive")
    else:
        changes = _profile(campaign.exit)
        if changes:
            stage.call("PATCH", path("members", member.member_id), changes)
            stage.did(f"changed {', '.join(changes)} of {member.member_id}")
        _do(stage, member, campaign.exit)
    if campaign.exit_delay_days:
        stage.advance_days(campaign.exit_delay_days)


def _wanted(audience: Audience) -> Sequence[Condition]:
    """Give the conditions to be met: all, or the first that something can be done for."""
    if audience.match == "all":
        return audience.conditions
    return audience.conditions[:1]


def _profile(audience: Audience) -> dict[str, Any]:
    """Give the fields of a member who meets what can be met by them."""
    fields: dict[str, Any] = {}
    for condition in _wanted(audience):
        name = condition.attribute.removeprefix("member.")
        if condition.operator in NEGATIVE:
            continue
        value = _value(condition)
        if name == "tags":
            fields["tags"] = [*fields.get("tags", []), *_listed(value)]
        elif name.startswith(CUSTOM):
            fields.setdefault("custom_attributes", {})[name.removeprefix(CUSTOM)] = value
        elif name.startswith(ADDRESS):
            fields.setdefault("address", {})[name.removeprefix(ADDRESS)] = value
        elif name in _SIMPLE:
            fields[name] = value
    return fields


_SIMPLE = frozenset(
    {
        "email_address", "phone_number", "preferred_language", "instagram_handle",
        "twitter_handle", "birthdate", "anniversary_date",
    }
)  # fmt: skip


def _do(stage: Stage, member: Member, audience: Audience) -> None:
    """Do what the conditions count: orders, points, a tier."""
    for condition in _wanted(audience):
        if condition.operator in NEGATIVE:
            continue
        match condition.attribute.removeprefix("member."):
            case "number_of_purchases" | "first_purchase_at" | "last_purchase_at" as name:
                number = _number(condition) if name == "number_of_purchases" else 1
                for _ in range(min(number, ORDERS_MAX)):
                    stage.order(member, stage.number("order_subtotal", 100))
            case "revenue" | "aov":
                stage.order(member, max(1, _number(condition)))
            case "available_points" | "earned_points":
                earn_about(stage, member, max(1, _number(condition)))
            case "tier":
                tier = {"tier_id": _value(condition)}
                stage.call("PUT", path("members", member.member_id, "tier"), tier)
            case _:
                pass  # of the profile


def _value(condition: Condition) -> Any:
    """Give a value for which a condition holds."""
    value = condition.value
    if condition.operator == "contains_all":
        return value
    if condition.operator in LISTS:
        return cast("Sequence[Any]", value)[0]
    if condition.operator == "greater_than" and isinstance(value, int | float):
        return value + 1
    return "trigger" if condition.operator == "is_set" else value


def _number(condition: Condition) -> int:
    value = _value(condition)
    return ceil(value) if isinstance(value, int | float) else 1


def _listed(value: Any) -> list[Any]:
    return list(cast("Sequence[Any]", value)) if isinstance(value, list | tuple) else [value]
