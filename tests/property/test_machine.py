"""The core and a naive model of the contract, driven side by side by random commands.

Hypothesis finds a short sequence when they differ; the walks of `test_walks.py` go further.
Source: the contract, section 2; the model is tests/model, written apart from the core.
"""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from stampbook.nouns.order import Product
from tests.property.play import Play
from tests.property.programs import EXPIRIES, PERIODS, Settings
from tests.property.walking import (
    ACTIVITY_IDS,
    MEMBERS,
    PRICES,
    PRODUCT_IDS,
    REWARD_IDS,
    STARS,
    STATUSES,
    STEPS,
    SUBTOTALS,
    TIER_IDS,
)

pytestmark = pytest.mark.timeout(1800)  # the deep profile plays for minutes

COMMANDS_PER_RUN = 30

members = st.sampled_from(MEMBERS)
picks = st.integers(0, 40)
holds = st.booleans()
chosen_settings = st.builds(
    Settings,
    time_zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland"]),
    auto_enrol=st.booleans(),
    expiry=st.integers(0, len(EXPIRIES) - 1),
    inactivity_days=st.sampled_from([None, 7, 40]),
    clawback=st.sampled_from(["only_available", "allow_debt", "refuse"]),
    hold_minutes=st.sampled_from([30, 2880]),
    has_tiers=st.booleans(),
    basis=st.sampled_from(["qualified_points", "spend"]),
    period=st.integers(0, len(PERIODS) - 1),
    downgrade_on_deduction=st.booleans(),
    downgrade_to=st.sampled_from(["earned", "one_step"]),
    purchases_wait=st.sampled_from(["immediate", "manual", "after_days"]),
)
products = st.lists(
    st.builds(
        Product,
        product_id=st.sampled_from(PRODUCT_IDS),
        product_price=st.sampled_from(PRICES),
        product_quantity=st.integers(1, 3),
        product_category=st.sampled_from(["tea", "china", None]),
    ),
    max_size=3,
    unique_by=lambda product: product.product_id,
)


class Machine(RuleBasedStateMachine):
    """Commands, time and sweeps at random; after each step both must say the same."""

    @initialize(chosen=chosen_settings)
    def begin(self, chosen: Settings) -> None:
        self.play = Play(chosen)
        for member in ("ada", "ben"):
            self.play.enrol(member)
            self.play.award(member, "gift")

    def teardown(self) -> None:
        if hasattr(self, "play"):
            for reached in self.play.reached:
                event(reached)

    @rule(member=members)
    def enrol(self, member: str) -> None:
        self.play.enrol(member)

    @rule(member=members, status=st.sampled_from(STATUSES))
    def set_status(self, member: str, status: str) -> None:
        self.play.set_status(member, status)

    @rule(chosen=st.lists(members, min_size=1, max_size=2))
    def delete(self, chosen: list[str]) -> None:
        self.play.delete(chosen)

    @precondition(lambda self: self.play.model.definition.tiers.levels)
    @rule(member=members, tier=st.sampled_from(TIER_IDS))
    def override(self, member: str, tier: str) -> None:
        self.play.override(member, tier)

    @rule(
        member=members,
        activity=st.sampled_from(ACTIVITY_IDS),
        points=st.sampled_from([None, None, 1, 70]),
        stars=st.sampled_from(STARS),
    )
    def award(self, member: str, activity: str, points: int | None, stars: Any) -> None:
        self.play.award(member, activity, points, stars)

    @rule(chosen=st.lists(picks, min_size=1, max_size=3), approve=st.booleans())
    def resolve(self, *, chosen: list[int], approve: bool) -> None:
        self.play.resolve(chosen, approve=approve)

    @rule(member=members, points=st.sampled_from([1, 35, 90, 400]))
    def deduct(self, member: str, points: int) -> None:
        self.play.deduct(member, points)

    @rule(
        member=members,
        reward=st.sampled_from(REWARD_IDS),
        points=st.sampled_from([None, None, 50, 80, 95]),
        hold=holds,
    )
    def redeem(self, *, member: str, reward: str, points: int | None, hold: bool) -> None:
        self.play.redeem(member, reward, points, hold=hold)

    @rule(
        member=members,
        reward=st.sampled_from(REWARD_IDS),
        several=st.lists(holds, min_size=2, max_size=4),
        then=st.sampled_from(["nothing", "deduct", "approve", "reject"]),
    )
    def race(self, member: str, reward: str, several: list[bool], then: str) -> None:
        self.play.race(member, reward, several, then)

    @rule(pick=picks, approve=st.booleans())
    def resolve_hold(self, *, pick: int, approve: bool) -> None:
        self.play.resolve_hold(pick, approve=approve)

    @rule(pick=picks, what=st.sampled_from(["use", "cancel", "refund"]))
    def coupon(self, pick: int, what: str) -> None:
        self.play.coupon(pick, what)

    @rule(
        member=members,
        number=st.integers(1, 12),
        subtotal=st.sampled_from(SUBTOTALS),
        lines=products,
        discount=st.sampled_from([0, 4]),
    )
    def order(
        self, member: str, number: int, subtotal: Any, lines: list[Product], discount: int
    ) -> None:
        self.play.order(member, number, subtotal, lines, discount)

    @rule(
        number=picks,
        amount=st.sampled_from([None, 5, "12.5", 40, "-3", 0]),
        gone=st.dictionaries(st.sampled_from(PRODUCT_IDS), st.integers(1, 3), max_size=2),
    )
    def give_back(self, number: int, amount: Any, gone: dict[str, int]) -> None:
        self.play.give_back(number, amount, {} if amount is not None else gone)

    @rule(step=st.one_of(st.sampled_from(STEPS), st.timedeltas(timedelta(0), timedelta(days=40))))
    def wait(self, step: timedelta) -> None:
        self.play.wait(step - step % timedelta(milliseconds=1))

    @rule(before=st.booleans())
    def wait_for_the_next(self, *, before: bool) -> None:
        self.play.wait_for_the_next(before=before)

    @rule(limit=st.sampled_from([1, 2, 500]))
    def sweep(self, limit: int) -> None:
        self.play.sweep(limit)

    @rule(multiplier=st.sampled_from([0.5, 1, 1.5, 3]))
    def change_the_rules(self, multiplier: float) -> None:
        self.play.change_the_rules(multiplier)


TestMachine = Machine.TestCase
TestMachine.settings = settings(deadline=None, stateful_step_count=COMMANDS_PER_RUN)
