"""Random walks over a play: each step is drawn by weight from a seed, and is written down.

Each walk has habits of its own: a few steps, rewards and pauses that it likes or never takes. A
walk that does everything alike would hardly ever do the same thing often enough.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, Literal

from stampbook.nouns.order import Product
from tests.property.play import Play
from tests.property.programs import (
    ACTIVITIES,
    EXPIRIES,
    LEVELS,
    PERIODS,
    REWARDS,
    Settings,
)

MEMBERS = ("ada", "ben", "cy")
STATUSES = ("active", "active", "active", "blocked", "inactive")
ACTIVITY_IDS = (*(one.id for one in ACTIVITIES), "purchase", "unheard_of")
REWARD_IDS = (*(one.id for one in REWARDS), "unheard_of")
TIER_IDS = (*(level.id for level in LEVELS), "none")
STARS = (None, 0, 3, "4", 5.5, "many")
SUBTOTALS = (0, 10, "33.33", 60, 99.99, 240, "-1", "1")
PRODUCT_IDS = ("oolong", "cup", "scone")
PRICES = (5, "7.50", 12.25)
STEPS = (
    timedelta(milliseconds=1),
    timedelta(minutes=1),
    timedelta(minutes=29, seconds=59),
    timedelta(minutes=30),
    timedelta(hours=5),
    timedelta(hours=11),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
    timedelta(days=31),
    timedelta(days=200),
)


def settings_from(random: Random) -> Settings:
    """Draw a program."""
    return Settings(
        time_zone=random.choice(("UTC", "America/New_York", "Pacific/Auckland")),
        auto_enrol=random.random() < 0.7,
        expiry=random.randrange(len(EXPIRIES)),
        inactivity_days=random.choice((None, None, 7, 40)),
        clawback=random.choice(("only_available", "allow_debt", "refuse")),
        hold_minutes=random.choice((30, 30, 2880)),
        has_tiers=random.random() < 0.8,
        basis=random.choice(("qualified_points", "spend")),
        period=random.randrange(len(PERIODS)),
        downgrade_on_deduction=random.random() < 0.6,
        downgrade_to=random.choice(("earned", "one_step")),
        purchases_wait=random.choice(("immediate", "immediate", "manual", "after_days")),
    )


class Walk:
    """A random walk from a seed.

    Shapes: `script` are its steps so far, ready to be replayed; sweeps come at random, never, or
    whenever time has passed.
    """

    def __init__(
        self,
        seed: int,
        reached: Counter[str] | None = None,
        *,
        sweeps: Literal["random", "never", "always"] = "random",
    ) -> None:
        self.random = Random(seed)
        self.sweeps = sweeps
        self.script: list[str] = []
        chosen = settings_from(self.random)
        self.play = Play(chosen, reached)
        self.script.append(f"play = Play({chosen})")
        self.rewards = self.random.sample(REWARD_IDS, self.random.randint(2, len(REWARD_IDS)))
        self.activities = self.random.sample(
            ACTIVITY_IDS, self.random.randint(3, len(ACTIVITY_IDS))
        )
        self.steps = self.random.sample(STEPS, self.random.randint(2, len(STEPS)))
        for member in ("ada", "ben"):
            self.take("enrol", member)
            self.take("award", member, "gift")
        deeds: list[tuple[int, Callable[[], None]]] = [
            (3, self.enrol),
            (2, self.set_status),
            (1, self.delete),
            (3, self.override),
            (14, self.award),
            (9, self.resolve),
            (5, self.deduct),
            (12, self.redeem),
            (4, self.race),
            (7, self.resolve_hold),
            (9, self.coupon),
            (10, self.order),
            (9, self.give_back),
            (10, self.wait),
            (5, self.wait_for_the_next),
            (3, self.sweep),
            (3, self.change_the_rules),
        ]
        self.deeds = [(weight * self.random.choice((0, 1, 1, 4)), deed) for weight, deed in deeds]
        self.deeds.append((8, self.award))

    def go(self, steps: int) -> None:
        """Take some steps; a failure carries the whole script."""
        weights = [weight for weight, _ in self.deeds]
        try:
            for _ in range(steps):
                self.random.choices(self.deeds, weights)[0][1]()
        except AssertionError as error:
            error.add_note("\n".join(self.script))
            raise

    def take(self, step: str, *values: Any, **named: Any) -> None:
        words = [repr(value) for value in values]
        words += [f"{name}={value!r}" for name, value in named.items()]
        self.script.append(f"play.{step}({', '.join(words)})")
        getattr(self.play, step)(*values, **named)

    def member(self) -> str:
        living = sorted(self.play.model.stories)
        return self.random.choice(living if living and self.random.random() < 0.9 else MEMBERS)

    def enrol(self) -> None:
        retired = sorted(self.play.model.retired)
        self.take("enrol", self.random.choice((*MEMBERS, *retired)))

    def set_status(self) -> None:
        self.take("set_status", self.member(), self.random.choice(STATUSES))

    def delete(self) -> None:
        if self.random.random() < 0.5:
            self.take("delete", self.random.choices(MEMBERS, k=self.random.randint(1, 2)))

    def override(self) -> None:
        if self.play.model.definition.tiers.levels:
            self.take("override", self.member(), self.random.choice(TIER_IDS))

    def award(self) -> None:
        likes = self.random.random() < 0.4
        activity = self.activities[0] if likes else self.random.choice(self.activities)
        points = self.random.choice((None, None, None, None, 1, 70))
        self.take("award", self.member(), activity, points, self.random.choice(STARS))

    def has(self, kind: str) -> bool:
        """Tell whether there is a transaction of a kind, mostly; else the walk makes one first."""
        made = self.play.harness.state.transactions.values()
        return any(one.kind == kind for one in made) or self.random.random() < 0.1

    def resolve(self) -> None:
        picks = [self.random.randrange(60) for _ in range(self.random.choice((1, 1, 2, 3)))]
        self.take("resolve", picks, approve=self.random.random() < 0.6)

    def deduct(self) -> None:
        self.take("deduct", self.member(), self.random.choice((1, 35, 90, 400)))

    def redeem(self) -> None:
        points = self.random.choice((None, None, None, 50, 80, 95))
        reward, hold = self.random.choice(self.rewards), self.random.random() < 0.5
        self.take("redeem", self.member(), reward, points, hold=hold)

    def race(self) -> None:
        reward = self.random.choice(("voucher", "mug", "rare", "code", "daily"))
        holds = [self.random.random() < 0.5 for _ in range(self.random.randint(2, 4))]
        then = self.random.choice(("nothing", "deduct", "approve", "reject"))
        self.take("race", self.member(), reward, holds, then)

    def resolve_hold(self) -> None:
        if not self.has("redeem"):
            self.redeem()
        approve = self.random.random() < 0.5
        self.take("resolve_hold", self.random.randrange(60), approve=approve)

    def coupon(self) -> None:
        if not self.has("redeem"):
            self.redeem()
        what = self.random.choice(("use", "use", "cancel", "refund"))
        self.take("coupon", self.random.randrange(60), what)

    def order(self) -> None:
        lines = [
            Product(
                product_id=key,
                product_price=self.random.choice(PRICES),
                product_quantity=self.random.randint(1, 3),
                product_category=self.random.choice(("tea", "china", None)),
            )
            for key in self.random.sample(PRODUCT_IDS, self.random.choice((0, 0, 0, 1, 2, 3)))
        ]
        number, subtotal = self.random.randint(1, 40), self.random.choice(SUBTOTALS)
        member = self.random.choice(MEMBERS) if self.random.random() < 0.5 else self.member()
        self.take("order", member, number, subtotal, lines, self.random.choice((0, 0, 4)))

    def give_back(self) -> None:
        if not self.play.harness.state.orders and self.random.random() < 0.9:
            self.order()
        by = self.random.choice(("all", "amount", "product", "product"))
        amount = self.random.choice((5, "12.5", 20, 40, "-3", 0)) if by == "amount" else None
        keys = self.random.sample(PRODUCT_IDS, self.random.randint(1, 2))
        gone = {key: self.random.randint(1, 2) for key in keys} if by == "product" else {}
        latest = max(0, len(self.play.harness.state.orders) - self.random.randint(1, 4))
        number = latest if self.random.random() < 0.8 else self.random.randrange(60)
        self.take("give_back", number, amount, gone)

    def wait(self) -> None:
        self.take("wait", self.random.choice(self.steps))
        self.sweep_at_once()

    def wait_for_the_next(self) -> None:
        self.take("wait_for_the_next", before=self.random.random() < 0.4)
        self.sweep_at_once()

    def sweep_at_once(self) -> None:
        if self.sweeps == "always":
            self.take("sweep", 500)

    def sweep(self) -> None:
        limit = self.random.choice((1, 2, 500))
        if self.sweeps == "random":
            self.take("sweep", limit)

    def change_the_rules(self) -> None:
        self.take("change_the_rules", self.random.choice((0.5, 1, 1.5, 3)))
