"""An activity: something that a member does that earns, as the program defines it."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from stampbook.values.amounts import Key, Line, Text
from stampbook.values.calendars import PeriodUnit
from stampbook.values.instants import Instant
from stampbook.values.points import Points

Days = Annotated[int, Meta(ge=1, le=3660)]
Months = Annotated[int, Meta(ge=1, le=120)]
Multiplier = Annotated[float, Meta(gt=0, le=10_000)]

RULES_MAX = 50
CONDITIONS_MAX = 50

BARE = frozenset({"enrolment", "birthday", "anniversary"})
"""What sets off an activity and brings no transaction."""


class Expiry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an award's points expire after approval; nothing set means never.

    Shapes: days and months add up; `end_of` then moves to the end of that period.
    """

    days: Days | None = None
    months: Months | None = None
    end_of: PeriodUnit | None = None


class Approval(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an award becomes spendable."""

    method: Literal["immediate", "manual", "after_days"] = "immediate"
    days: Days | None = None
    """Of `after_days`: how long the award waits."""


class Cap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The most that one member gets from an activity in a period of the program's calendar.

    Shapes: at least one of `points` and `times`. An award over `points` is cut to what is left.
    """

    per: Literal["day", "week", "month", "lifetime"]
    points: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    times: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One test: an attribute, an operator, a value.

    Shapes: `attribute` is a path such as `member.tier`, `member.custom.club`,
    `transaction.order_subtotal`, `transaction.tags`, `products.product_category`; `operator` is
    the name of a file in core/rules/conditions.
    """

    attribute: Key
    operator: Key
    value: Any = None


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes what an activity is worth when its conditions hold.

    Shapes: `effect` is the name of a file in core/rules/effects; no condition always holds.
    """

    name: Line
    effect: Key
    value: Annotated[float, Meta(ge=0, le=1_000_000_000)]
    match: Literal["all", "any"] = "all"
    conditions: Annotated[tuple[Condition, ...], Meta(max_length=CONDITIONS_MAX)] = ()
    is_active: bool = True


class Computation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an activity is worth before its rules.

    Shapes: `fixed` gives `points`; `multiplier_based` gives `multiplier` times a numeric attribute
    of the transaction.
    """

    kind: Literal["fixed", "multiplier_based"]
    points: Points = 0
    attribute: Key = "order_subtotal"
    multiplier: Multiplier = 1
    rounding: Literal["down", "up", "half_up", "half_even"] = "down"


class Activity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a member does that earns points.

    Shapes: `on` says what sets it off: an order, an enrolment, a day of the member's calendar, or
    a request to award it. At most one activity is set off by an order.
    """

    id: Key
    name: Line
    on: Literal["order", "enrolment", "birthday", "anniversary", "request"] = "request"
    computation: Computation
    coupon: Key | None = None
    """A coupon of the program that it gives beside its points, or instead of them."""
    rules: Annotated[tuple[Rule, ...], Meta(max_length=RULES_MAX)] = ()
    caps: Annotated[tuple[Cap, ...], Meta(max_length=8)] = ()
    approval: Approval = Approval()
    expiry: Expiry | None = None
    """None: as `points.expiry` of the program says."""
    qualifies_for_tier: bool = True
    is_active: bool = True
    description: Text = ""
    metadata: dict[str, Any] = {}


ZINRELO_EFFECTS = {"add": "Fixed Points", "multiply": "Multiplier"}
"""What the vendor calls the effects of rules; any other effect keeps its own name."""


class CatalogueActivity(Struct, frozen=True, kw_only=True):
    """An activity in a fact: its definition, our own id of it, and when it was defined and changed.

    Shapes: `id` has 24 hex digits and is the same in every fact; `activity.id` is the merchant's
    own key.
    """

    id: str
    activity: Activity
    created_at: Instant
    modified_at: Instant


def zinrelo_activity(entry: CatalogueActivity) -> dict[str, Any]:
    """Spell an activity as `activity_to_complete`.

    Source: contract section 3; the winback sample of the seed.
    """
    activity = entry.activity
    computation = activity.computation
    points: dict[str, Any] = {"points_computation_type": computation.kind}
    if computation.kind == "fixed":
        points["points"] = computation.points
    else:
        points["attribute_to_multiply"] = computation.attribute
        points["multiplier"] = computation.multiplier
    return {
        "id": entry.id,
        "activity_id": activity.id,
        "metadata": activity.metadata,
        "activity_name": activity.name,
        "is_active": activity.is_active,
        "approval_method": activity.approval.method,
        "show_on_guest_dashboard": False,
        "activity_card_background_image_url": "",
        "enduser_activity_short_description": activity.description,
        "enduser_activity_description_html": "",
        "last_modified_date": entry.modified_at,
        "created_date": entry.created_at,
        "is_qualified_for_tier_upgrade": activity.qualifies_for_tier,
        "rules_config": [_zinrelo_rule(rule) for rule in activity.rules],
        "activity_benefit_type": "coupon" if activity.coupon else "points",
        "points_config": points,
    }


def _zinrelo_rule(rule: Rule) -> dict[str, Any]:
    return {
        "rule_type": ZINRELO_EFFECTS.get(rule.effect, rule.effect),
        "rule_value": rule.value,
        "is_active": rule.is_active,
        "conditions_matching_policy": f"match_{rule.match}",
        "conditions": [
            {
                "operator": condition.operator,
                "attribute": condition.attribute,
                "value": condition.value,
            }
            for condition in rule.conditions
        ],
    }
