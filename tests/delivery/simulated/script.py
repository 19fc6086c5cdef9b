"""A script: all that happens to a play from outside, drawn from one seed.

Endpoints with their wishes and their moods over time, facts, and troubles of the workers. Nothing
here knows what delivery does.
"""

import math
from random import Random
from typing import Literal

from msgspec import Struct

from stampbook.core.delivery import DAY, HOUR, MINUTE, RETRY_DELAYS_SECONDS, Conduct, Ordering

MoodName = Literal[
    "well", "slow", "late", "broken", "moody", "dead", "silent", "busy", "gone", "stranger"
]
"""How an endpoint answers: at once; after seconds; around the time-out; with an error; now well and
now broken; not at all because nobody listens; not at all; with a Retry-After; 410; 401 or 403."""

BAD_MOODS: tuple[MoodName, ...] = (
    "slow", "late", "broken", "moody", "moody", "dead", "silent", "busy", "gone", "stranger",
)  # fmt: skip
DEADLY_MOODS: tuple[MoodName, ...] = ("dead", "silent", "broken", "gone", "stranger")
FACT_TYPES = ("points.earned", "points.redeemed", "member.updated", "review.submitted")
SCHEDULES = (RETRY_DELAYS_SECONDS, RETRY_DELAYS_SECONDS, (1, 2, 5), (3, 40, 600), (20,), ())
NEVER_MS = 10**12

LONG_SHARE = 0.3
"""How many plays last for weeks, with an endpoint that is disabled in the end."""
LONG_MS = 9 * DAY * 1000
AFTER_CALM_MS = 3 * DAY * 1000
"""When a play is over, counted from when everything is well again: longer than all tries."""


class Mood(Struct, frozen=True):
    """What an endpoint is like until an instant. Units: milliseconds of the play."""

    name: MoodName
    until_ms: int


class Place(Struct, frozen=True, kw_only=True):
    """An endpoint as its owner made it, and how it will answer."""

    dialect: str
    ordering: Ordering
    batch_size: int
    batch_wait_ms: int
    only_with: tuple[str, ...]
    conduct: Conduct
    moods: tuple[Mood, ...]
    poison_one_in: int
    """One of so many facts is never accepted; 0 for none."""

    def never_accepts(self, number: int) -> bool:
        """Tell whether a fact, by its number in the play, is never accepted."""
        return bool(self.poison_one_in) and number % self.poison_one_in == 1

    def __repr__(self) -> str:
        conduct = self.conduct
        return (
            f"{self.dialect} ordered by {self.ordering}, {self.batch_size} in a batch for "
            f"{self.batch_wait_ms} ms, {self.only_with}, {conduct.retry_delays_seconds} then "
            f"{conduct.when_stuck}, {conduct.in_flight_max} at once, {conduct.rate_per_second}/s"
        )


class Happening(Struct, frozen=True, kw_only=True):
    """Something happens to somebody, and a fact tells it to whoever asked."""

    at_ms: int
    member: int
    fact_type: str
    cause: str
    has_email: bool
    is_announced: bool
    """Whether a worker is woken, or finds it at its next poll."""


class Trouble(Struct, frozen=True, kw_only=True):
    """A worker dies, is not given the processor, ends politely, or an owner acts."""

    at_ms: int
    kind: Literal["crash", "stall", "leave", "activate"]
    worker: int
    lasts_ms: int


class Script(Struct, frozen=True, kw_only=True):
    """A whole play. Units: milliseconds of the play; rates for each transaction."""

    seed: int
    workers: int
    places: tuple[Place, ...]
    happenings: tuple[Happening, ...]
    troubles: tuple[Trouble, ...]
    fault_rate: float
    intrusion_rate: float
    calm_at_ms: int
    ends_at_ms: int


def write(seed: int) -> Script:
    """Write the script of a seed."""
    dice = Random(f"script {seed}")
    is_long = dice.random() < LONG_SHARE
    calm_at_ms = LONG_MS if is_long else _between(dice, 5 * MINUTE * 1000, 20 * HOUR * 1000)
    places = [_place(dice, calm_at_ms) for _ in range(dice.randint(2, 7))]
    if is_long:
        places[0] = _doomed(dice, calm_at_ms)
    workers = dice.choice((1, 2, 2))
    happenings = _happenings(dice, calm_at_ms)
    return Script(
        seed=seed,
        workers=workers,
        places=tuple(places),
        happenings=happenings,
        troubles=_troubles(dice, workers, calm_at_ms, happenings),
        fault_rate=dice.choice((0.0, 0.01, 0.03)),
        intrusion_rate=dice.choice((0.0, 0.05, 0.2)) if workers > 1 else 0.0,
        calm_at_ms=calm_at_ms,
        ends_at_ms=calm_at_ms + AFTER_CALM_MS,
    )


def _between(dice: Random, least: int, most: int) -> int:
    """Draw a number of which each order of magnitude is as likely."""
    return round(math.exp(dice.uniform(math.log(least), math.log(most))))


def _place(dice: Random, calm_at_ms: int) -> Place:
    dialect = dice.choice(("native", "native", "zinrelo"))
    batch_size = 1 if dialect == "native" else dice.choice((1, 2, 3, 5, 100))
    return Place(
        dialect=dialect,
        ordering=dice.choice(("none", "none", "member", "endpoint")),
        batch_size=batch_size,
        batch_wait_ms=dice.choice((0, 1_500, 10_000, 60_000)) if batch_size > 1 else 0,
        only_with=_only_with(dice, dialect),
        conduct=Conduct(
            retry_delays_seconds=dice.choice(SCHEDULES),
            when_stuck=dice.choice(("pass", "pass", "wait")),
            in_flight_max=dice.choice((1, 2, 4, 32)),
            rate_per_second=dice.choice((None, None, None, 0.5, 2.0, 7.0)),
            timeout_seconds=15,
        ),
        moods=_moods(dice, calm_at_ms),
        poison_one_in=dice.choice((0, 0, 9, 25)),
    )


def _only_with(dice: Random, dialect: str) -> tuple[str, ...]:
    if dice.random() < 0.8:
        return ()
    field = {"native": "data.member.email_address", "zinrelo": "data.member_info.email_address"}
    return (field[dialect],)


def _moods(dice: Random, calm_at_ms: int) -> tuple[Mood, ...]:
    if dice.random() < 0.2:
        return (Mood("well", NEVER_MS),)
    moods: list[Mood] = []
    at_ms = 0
    while at_ms < calm_at_ms:
        at_ms += _between(dice, 2_000, 6 * HOUR * 1000)
        name = "well" if dice.random() < 0.4 else dice.choice(BAD_MOODS)
        moods.append(Mood(name, min(at_ms, calm_at_ms)))
    last = dice.choice(BAD_MOODS) if dice.random() < 0.06 else "well"
    return (*moods, Mood(last, NEVER_MS))


def _doomed(dice: Random, calm_at_ms: int) -> Place:
    """Give an endpoint that is out of order for longer than anybody waits."""
    place = _place(dice, calm_at_ms)
    falls_at_ms = _between(dice, 2_000, 6 * HOUR * 1000)
    deadly = Mood(dice.choice(DEADLY_MOODS), calm_at_ms)
    moods = (Mood("well", falls_at_ms), deadly, Mood("well", NEVER_MS))
    return Place(
        **{name: getattr(place, name) for name in Place.__struct_fields__ if name != "moods"},
        moods=moods,
    )


def _happenings(dice: Random, calm_at_ms: int) -> tuple[Happening, ...]:
    happenings: list[Happening] = []
    members = dice.randint(1, 6)
    for burst in range(dice.randint(8, 30)):
        at_ms = _between(dice, 10, calm_at_ms + HOUR * 1000)
        cause = f"cause-{burst}"
        gap_ms = dice.choice((0, 3, 200, 4_000))
        for _ in range(dice.choice((1, 1, 3, 12))):
            happenings.append(
                Happening(
                    at_ms=at_ms,
                    member=dice.randrange(members),
                    fact_type=dice.choice(FACT_TYPES[: dice.randint(1, 4)]),
                    cause=cause,
                    has_email=dice.random() < 0.7,
                    is_announced=dice.random() < 0.5,
                )
            )
            at_ms += gap_ms and dice.randint(0, 2 * gap_ms)
    return tuple(sorted(happenings, key=lambda one: one.at_ms))


def _troubles(
    dice: Random, workers: int, calm_at_ms: int, happenings: tuple[Happening, ...]
) -> tuple[Trouble, ...]:
    troubles: list[Trouble] = []
    for _ in range(dice.choice((0, 2, 8, 16))):
        at_ms = _between(dice, 20, calm_at_ms)
        if dice.random() < 0.7:  # when there is something to do
            at_ms = dice.choice(happenings).at_ms + _between(dice, 1, 20_000)
        lasts_ms = _between(dice, 100, 150_000)
        if dice.random() < 0.5:  # longer than a lease
            lasts_ms = dice.randint(61_000, 200_000)
        kind = dice.choice(("crash", "stall", "stall", "leave"))
        worker = dice.randrange(workers)
        troubles.append(Trouble(at_ms=at_ms, kind=kind, worker=worker, lasts_ms=lasts_ms))
    if dice.random() < 0.5:
        at_ms = calm_at_ms + dice.randint(1, HOUR * 1000)
        troubles.append(Trouble(at_ms=at_ms, kind="activate", worker=0, lasts_ms=1))
    return tuple(sorted(troubles, key=lambda one: one.at_ms))
