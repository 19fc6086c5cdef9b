"""Pieces of replays: each is one short transaction that makes deliveries due and moves a cursor.

So a kill loses nothing and doubles nothing, and whoever else is at the same replay waits for its
row and goes on where the cursor stands. The endpoint's row is locked before the replay's.

Source: decisions/0024.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.pacing import US_PER_SECOND
from stampbook.core.replays import Limits, Replay, ReplayKey, allowance, mark_after
from stampbook.dialects import catalogue
from stampbook.store.backend import Unit
from stampbook.store.endpoints import find_endpoint
from stampbook.store.reading.facts import last_settled
from stampbook.store.replay_choice import (
    BY_FAILURE,
    EVERYTHING,
    Audience,
    Chosen,
    Looked,
    choose_facts,
    dead_letters,
    look_ahead,
)
from stampbook.store.replays import end_replay, find_replay, join_now, make_due, save_replay
from stampbook.store.subscriptions import apart

US_PER_MS = US_PER_SECOND // 1000

WAITING = (
    "SELECT count(*) FROM (SELECT 1 FROM delivery{using} WHERE program_id = ? AND endpoint_id = ? "
    "AND status IN ('pending', 'leased') LIMIT ?) AS waiting"
)
FREE = (
    "UPDATE delivery{using} SET status = 'pending', due_at_ms = ?, attempts = 0 "
    "WHERE program_id = ? AND endpoint_id = ? AND status = 'failed' AND {key} IN (?*)"
)

ENDPOINT_GONE = "The endpoint was removed."


class Means(Struct, frozen=True, kw_only=True):
    """What a piece works with. `now_ms` gives real time."""

    now_ms: Callable[[], int]
    new_id: Callable[[], str]
    limits: Limits = Limits()


class Piece(Struct, frozen=True, kw_only=True):
    """What a piece did: the replay after it, and how many deliveries became due.

    Shapes: when it is `idle` nothing can be done at the moment, or nothing is left; `after` is None
    where there is no such replay.
    """

    after: Replay | None
    queued: int = 0
    idle: bool = False


def do_piece(unit: Unit, key: ReplayKey, means: Means) -> Piece:
    """Do the next piece of a replay.

    Errors: ClashError when an endpoint cannot join the present because others leave no gap.
    """
    unit.rows(unit.dialect.by_index)
    endpoint = find_endpoint(unit, key.program_id, key.endpoint_id, lock=True)
    found = find_replay(unit, key.program_id, key.endpoint_id, key.replay_id, lock=True)
    if found is None or found.state != "running":
        return Piece(after=found, idle=True)
    if endpoint is None:
        ended = end_replay(unit, key.program_id, found, ENDPOINT_GONE, means.now_ms())
        return Piece(after=ended, idle=True)
    if endpoint.status != "active":
        return Piece(after=found, idle=True)
    counting = WAITING.format(using=unit.dialect.using("ix_delivery_due"))
    [(waiting,)] = unit.rows(counting, (key.program_id, key.endpoint_id, means.limits.waiting))
    allowed = allowance(found, waiting, means.limits, means.now_ms() * US_PER_MS)
    if not allowed:
        return Piece(after=found, idle=True)
    audience = Audience.of(key.program_id, endpoint)
    work = _Work(unit, audience, found, means)
    if found.kind == "redrive":
        return work.free(allowed, one_by_one=catalogue()[endpoint.dialect].batch_size == 1)
    return work.make(allowed)


class _Work:
    def __init__(self, unit: Unit, audience: Audience, found: Replay, means: Means) -> None:
        self._unit = unit
        self._audience = audience
        self._found = found
        self._now_ms = means.now_ms
        self._new_id = means.new_id
        self._limits = means.limits

    def make(self, allowed: int) -> Piece:
        """Make the deliveries of the next facts."""
        assert isinstance(self._found.cursor, int)
        cursor, until = self._found.cursor, self._found.wish.until
        is_backfill = until is None
        if until is None:
            until = last_settled(self._unit, self._audience.program_id)
        looked = self._look(cursor, until)
        if is_backfill and looked.facts <= self._limits.join:
            joined = self._join(cursor)
            if joined is not None:
                return joined
            if not looked.facts:  # something holds the horizon of committed facts back
                return Piece(after=self._found, idle=True)
        chosen = choose_facts(self._unit, self._audience, self._found, cursor, looked.last, allowed)
        self._insert(chosen)
        is_cut = len(chosen) == allowed
        is_end = looked.facts < self._limits.looked_at and not is_cut
        return self._moved(
            chosen[-1].position if is_cut else max(cursor, looked.last),
            len(chosen),
            is_finished=is_end and not is_backfill,
            idle=is_end,
        )

    def free(self, allowed: int, *, one_by_one: bool) -> Piece:
        """Set the next dead letters free; what was one request stays one."""
        found, audience = self._found, self._audience
        assert isinstance(found.cursor, str)
        letters = dead_letters(self._unit, audience, found.wish, found.cursor, allowed)
        wanted = [each for each in letters if each.is_wanted]
        freed = 0
        if wanted:
            column = "id" if one_by_one else "request_id"
            sql = FREE.format(using=self._unit.dialect.using(BY_FAILURE), key=column)
            keys = sorted({getattr(each, column) for each in wanted})
            freed = self._unit.run(
                sql, (self._now_ms(), audience.program_id, audience.endpoint_id, keys)
            )
        is_end = len(letters) < allowed
        last = letters[-1].id if letters else found.cursor
        return self._moved(last, freed, is_finished=is_end, idle=is_end)

    def _join(self, cursor: int) -> Piece | None:
        """Make what is left and let the endpoint join the present; None when too much is left.

        While this transaction is apart, every fact is committed that was stored without the
        endpoint, and what is stored after it is stored with it.
        """
        program_id, endpoint_id = self._audience.program_id, self._audience.endpoint_id
        self._unit.rows(*apart(self._unit.dialect, program_id))
        left = self._look(cursor, EVERYTHING)
        if left.facts >= self._limits.looked_at:
            return None
        chosen = choose_facts(
            self._unit, self._audience, self._found, cursor, left.last, self._limits.looked_at
        )
        self._insert(chosen)
        join_now(self._unit, program_id, endpoint_id, self._now_ms())
        return self._moved(max(cursor, left.last), len(chosen), is_finished=True, idle=True)

    def _look(self, cursor: int, until: int) -> Looked:
        program_id, wish = self._audience.program_id, self._found.wish
        return look_ahead(self._unit, program_id, wish, cursor, until, self._limits.looked_at)

    def _insert(self, chosen: Sequence[Chosen]) -> None:
        audience, now_ms = self._audience, self._now_ms()
        make_due(self._unit, audience, chosen, self._found.id, now_ms, self._new_id)

    def _moved(self, cursor: int | str, queued: int, *, is_finished: bool, idle: bool) -> Piece:
        now_ms, found = self._now_ms(), self._found
        mark_us = mark_after(found, queued, now_ms * US_PER_MS)
        after = replace(
            found,
            cursor=cursor,
            queued=found.queued + queued,
            mark_us=mark_us,
            state="finished" if is_finished else found.state,
            updated_at_ms=now_ms,
            finished_at_ms=now_ms if is_finished else None,
        )
        save_replay(self._unit, self._audience.program_id, after)
        return Piece(after=after, queued=queued, idle=idle)
