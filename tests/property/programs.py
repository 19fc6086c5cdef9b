"""Programs to play: small catalogues whose numbers make members run out, wait and cross lines."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec.structs import replace

from stampbook.core.definition import (
    Activity,
    Approval,
    Cap,
    Computation,
    Condition,
    Definition,
    Expiry,
    Level,
    Period,
    PointsSettings,
    Rule,
    Tiers,
)
from stampbook.nouns.reward import Limit, PointsEligibility, Reward

START = datetime(2026, 1, 30, 9, 0, tzinfo=UTC)
"""Two days before the end of a month, so that months of different lengths come soon."""

POOLS = {"code": 3}


def fixed(points: int) -> Computation:
    return Computation(kind="fixed", points=points)


PURCHASE = Activity(
    id="purchase",
    name="Purchase",
    on="order",
    computation=Computation(kind="multiplier_based", multiplier=1.5),
    rules=(
        Rule(
            name="big basket",
            effect="add",
            value=25,
            conditions=(
                Condition(attribute="transaction.order_subtotal", operator="at_least", value=60),
            ),
        ),
        Rule(
            name="double tea",
            effect="multiply",
            value=2,
            conditions=(
                Condition(attribute="products.product_category", operator="equals", value="tea"),
            ),
        ),
    ),
)

ACTIVITIES = (
    Activity(id="sign_up", name="Sign up", on="enrolment", computation=fixed(50)),
    Activity(id="gift", name="Gift", computation=fixed(100)),
    Activity(
        id="quiz",
        name="Quiz",
        computation=fixed(40),
        caps=(Cap(per="day", times=2), Cap(per="week", points=100), Cap(per="month", points=170)),
    ),
    Activity(id="survey", name="Survey", computation=fixed(60), approval=Approval(method="manual")),
    Activity(
        id="review",
        name="Review",
        computation=Computation(kind="multiplier_based", attribute="stars", multiplier=7),
        approval=Approval(method="after_days", days=3),
    ),
    Activity(
        id="forever",
        name="Forever",
        computation=fixed(30),
        expiry=Expiry(),
        qualifies_for_tier=False,
    ),
    Activity(id="asleep", name="Asleep", computation=fixed(10), is_active=False),
)

REWARDS = (
    Reward(id="mug", name="Mug", sub_type="product", points=80, coupon_days=5),
    Reward(
        id="voucher",
        name="Voucher",
        sub_type="flexible_amount",
        points=20,
        step=10,
        points_max=120,
        value=0.1,
        coupon_days=1,
    ),
    Reward(id="code", name="Code", sub_type="fixed_amount", points=30, coupon="pool"),
    Reward(id="rare", name="Rare", sub_type="custom", points=40, stock=2, coupon="none"),
    Reward(
        id="daily",
        name="Daily",
        sub_type="free_shipping",
        points=10,
        coupon="none",
        limit=Limit(times=1, per="day"),
    ),
    Reward(
        id="season",
        name="Season",
        sub_type="custom",
        points=5,
        coupon_days=1,
        starts_at=START + timedelta(days=1),
        ends_at=START + timedelta(days=30),
    ),
    Reward(id="gold_only", name="Gold only", sub_type="custom", points=15, tiers=("gold",)),
    Reward(
        id="earners",
        name="Earners",
        sub_type="percentage",
        points=25,
        value=10,
        eligibility=PointsEligibility(period="current_month", operator="at_least", points=150),
    ),
)

LEVELS = (
    Level(id="base", name="Base", threshold=0),
    Level(id="silver", name="Silver", threshold=120, multiplier=1.25),
    Level(id="gold", name="Gold", threshold=300, multiplier=2),
)


EXPIRIES = (
    Expiry(),
    Expiry(days=1),
    Expiry(days=10),
    Expiry(months=1),
    Expiry(end_of="month"),
    Expiry(months=1, end_of="quarter"),
    Expiry(end_of="year"),
)
PERIODS = (
    Period(),
    Period(kind="cycle", start_month=4, months=12),
    Period(kind="cycle", start_month=2, months=1),
    Period(kind="cycle", start_month=3, months=6),
    Period(kind="rolling", days=3),
    Period(kind="rolling", days=30),
    Period(kind="anniversary"),
)


@dataclass(frozen=True)
class Settings:
    """What differs from one program to another."""

    time_zone: str = "UTC"
    auto_enrol: bool = True
    expiry: int = 0
    inactivity_days: int | None = None
    clawback: Literal["only_available", "allow_debt", "refuse"] = "only_available"
    hold_minutes: int = 30
    has_tiers: bool = True
    basis: Literal["qualified_points", "spend"] = "qualified_points"
    period: int = 0
    downgrade_on_deduction: bool = True
    downgrade_to: Literal["earned", "one_step"] = "earned"
    purchases_wait: Literal["immediate", "manual", "after_days"] = "immediate"


def definition_of(chosen: Settings) -> Definition:
    """Give the program that some settings make."""
    tiers = Tiers(
        basis=chosen.basis,
        period=PERIODS[chosen.period],
        downgrade_on_deduction=chosen.downgrade_on_deduction,
        downgrade_to=chosen.downgrade_to,
        levels=LEVELS,
    )
    purchase = replace(PURCHASE, approval=Approval(method=chosen.purchases_wait, days=3))
    return Definition(
        name="Tea house",
        time_zone=chosen.time_zone,
        auto_enrol=chosen.auto_enrol,
        points=PointsSettings(
            expiry=EXPIRIES[chosen.expiry],
            inactivity_days=chosen.inactivity_days,
            clawback=chosen.clawback,
            hold_minutes=chosen.hold_minutes,
        ),
        tiers=tiers if chosen.has_tiers else Tiers(),
        activities=(purchase, *ACTIVITIES),
        rewards=REWARDS,
    )
