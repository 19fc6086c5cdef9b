"""Replays: facts that are sent to an endpoint again, or at last, piece by piece.

In words. A `replay` makes new deliveries of facts that its owner chose, whatever became of them
before. A `redrive` sets dead letters free, as the requests that they were. A `backfill` brings an
endpoint that was disabled back to the present: it makes the deliveries that are missing, in the
order of the facts, and until it has caught up nothing else is kept for the endpoint.

Each goes on from a cursor and stops before more than some waits for its endpoint, so that a long
past neither floods the receiver nor holds up the present for long. A replay runs, rests or is over;
what is over stays so.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from stampbook.core.delivery import HOUR
from stampbook.core.pacing import US_PER_SECOND, pace
from stampbook.values.ids import EndpointId, MemberId, ProgramId

ReplayKind = Literal["replay", "redrive", "backfill"]
ReplayState = Literal["running", "paused", "finished", "cancelled"]
Turn = Literal["pause", "resume", "cancel"]
Only = Literal["all", "failed", "undelivered"]
"""Which facts, by what became of them: any; those that were given up; or those that were not
received and are not on their way, those that were never due among them."""

PerSecond = Annotated[float, Meta(ge=0.01, le=10_000)]

OPEN_MAX = 5
"""Replays of one endpoint that are not over."""
COUNTED_MAX = 50_000
"""Facts that are looked at to count how many there are to do."""

DISORDER_MS = HOUR * 1000
"""More than facts may be recorded out of the order of their positions, by clocks that differ."""


class Limits(Struct, frozen=True, kw_only=True):
    """How much is done at once."""

    waiting: int = 1_000
    """Deliveries that may wait for an endpoint while a replay adds to them."""
    piece: int = 500
    """Deliveries that one piece makes due."""
    looked_at: int = 2_000
    """Facts that one piece looks at."""
    join: int = 500
    """Committed facts that may be left when an endpoint joins the present: what stores facts waits
    while it does."""


class ReplayKey(NamedTuple):
    """A replay among all programs, and whose it is."""

    program_id: ProgramId
    endpoint_id: EndpointId
    replay_id: str


class Wish(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be sent, and how fast.

    Shapes: `types` are native names, none for what the endpoint is sent; after `after` and up to
    `until`, positions, or of a redrive ids of deliveries; recorded in `from_ms <= at < to_ms`.
    What facts say that are older than their retention is not kept, so they are left out.
    """

    types: tuple[str, ...] = ()
    only: Only = "all"
    after: int = 0
    until: int | None = None
    last_id: str = ""
    """Of a redrive: the newest dead letter that it takes."""
    from_ms: int | None = None
    to_ms: int | None = None
    member: MemberId | None = None
    per_second: float | None = None


class Replay(Struct, frozen=True, kw_only=True):
    """A replay and how far it is.

    Shapes: `cursor` is the position, or of a redrive the delivery, that was looked at last;
    `matched` is how many there were to do when it began, or at least that where not `is_exact`, and
    `expired` how many facts are left out because what they say is not kept any more;
    `queued` is how many deliveries it made due.
    """

    id: str
    endpoint_id: EndpointId
    kind: ReplayKind
    state: ReplayState
    wish: Wish
    cursor: int | str
    mark_us: int = 0
    matched: int = 0
    is_exact: bool = True
    expired: int = 0
    queued: int = 0
    reason: str = ""
    """Why it ended before its end."""
    created_at_ms: int
    updated_at_ms: int
    finished_at_ms: int | None = None

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more comes of it."""
        return self.state in {"finished", "cancelled"}


TURNS: Mapping[Turn, tuple[frozenset[ReplayState], ReplayState]] = MappingProxyType(
    {
        "pause": (frozenset({"running", "paused"}), "paused"),
        "resume": (frozenset({"running", "paused"}), "running"),
        "cancel": (frozenset({"running", "paused", "cancelled"}), "cancelled"),
    }
)
"""From which states each turn leads, and where to."""


def turned(state: ReplayState, turn: Turn) -> ReplayState | None:
    """Give the state that a turn leads to; None when it is over."""
    states, then = TURNS[turn]
    return then if state in states else None


def allowance(asked: Replay, waiting: int, limits: Limits, now_us: int) -> int:
    """Give how many deliveries a piece may make due now.

    Units: microseconds since 1970; `waiting` deliveries wait for the endpoint.
    """
    room = max(0, min(limits.piece, limits.waiting - waiting))
    per_second = asked.wish.per_second
    if per_second is None or not room:
        return room
    return pace(room, per_second, asked.mark_us, now_us).granted


def mark_after(asked: Replay, queued: int, now_us: int) -> int:
    """Give the mark of a replay's pace after so many deliveries.

    Units: microseconds since 1970.
    """
    per_second = asked.wish.per_second
    if per_second is None or not queued:
        return asked.mark_us
    # what is one request goes at once, so there may be more than the pace granted
    return max(asked.mark_us, now_us) + round(queued * US_PER_SECOND / per_second)


class Recorded(NamedTuple):
    """Where a fact stands, and when it was recorded."""

    position: int
    at_ms: int


def last_before(
    first_from: Callable[[int], Recorded | None], low: int, high: int, at_ms: int
) -> int:
    """Give a position, the highest that is easily found, up to which all was recorded before.

    Shapes: `first_from` gives the first fact at a position or after it; the answer is within
    `low` and `high`. Facts may be recorded out of order by DISORDER_MS at the most.
    """
    sure_ms = at_ms - DISORDER_MS
    while low < high:
        middle = (low + high + 1) // 2
        found = first_from(middle)
        if found is None or found.position > high or found.at_ms >= sure_ms:
            high = middle - 1
        else:
            low = found.position
    return low
