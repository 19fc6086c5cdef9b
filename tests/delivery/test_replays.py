"""Replays: what is chosen, in pieces that a kill neither loses nor doubles."""

import re
from typing import Any, cast

import pytest

from stampbook.core.refusals import Refused
from stampbook.core.replays import Limits, Replay, ReplayKey, ReplayKind, Turn, Wish
from stampbook.store.activation import Hand, activate, deactivate
from stampbook.store.backend import Row, Statement, Unit
from stampbook.store.endpoints import Endpoint, find_endpoint
from stampbook.store.reading.facts import LAST
from stampbook.store.replay_pieces import do_piece
from stampbook.store.replays import start_replay
from tests.delivery.past import PROGRAM, Past, past
from tests.engine.shop import START_MS

HOUR_MS = 3_600_000
BOUNDED = re.compile(
    r"SEARCH (fact|f) USING (COVERING )?INDEX (ix_fact_program_id_position .*position>"
    r"|sqlite_autoindex_fact_2 .*member=|sqlite_autoindex_fact_1 .*id=)"
    r"|SEARCH (delivery|d) USING (COVERING )?INDEX (ix_delivery_due .*endpoint_id="
    r"|ix_delivery_failed .*endpoint_id=|ix_delivery_program_id_fact_id .*fact_id=)"
)
"""Steps of a plan that read as many rows as they were allowed to."""


class KilledError(Exception):
    pass


def with_a_past(it: Past) -> None:
    for member in ("ann", "ben", "cem"):
        it.enrol(member)
        it.visit(member, 4)


def test_a_later_subscriber_is_sent_all_of_the_past_once(database_url: str) -> None:
    with past(database_url) as it:
        early = it.endpoint()
        with_a_past(it)
        late = it.endpoint()
        it.visit("ann")
        replay = it.begun(late)
        done = it.finish(replay)
        assert it.sent(late, replay.replay_id) == it.facts()
        assert it.sent(early) == it.facts()
        assert (done.state, done.matched, done.queued) == ("finished", 16, 16)
        assert done.is_exact
        assert it.sound()


def test_what_happens_later_is_no_part_of_a_replay(database_url: str) -> None:
    with past(database_url) as it:
        key = it.endpoint()
        with_a_past(it)
        before = it.facts()
        replay = it.begun(key)
        it.visit("ann", 3)
        it.finish(replay)
        assert it.sent(key, replay.replay_id) == before
        assert sorted(it.sent(key)) == sorted([*before, *it.facts()])


@pytest.mark.parametrize(
    ("wish", "chosen"),
    [
        ({"types": ("member.enrolled",)}, [0, 5, 10]),
        ({"types": ("tier.upgraded",)}, []),
        ({"from_ms": START_MS + 5 * HOUR_MS}, range(5, 15)),
        ({"to_ms": START_MS + 5 * HOUR_MS}, range(5)),
        ({"from_ms": START_MS + 3 * HOUR_MS, "to_ms": START_MS + 4 * HOUR_MS}, [3]),
        ({"from_ms": START_MS + 99 * HOUR_MS}, []),
        ({"from_ms": START_MS + 9 * HOUR_MS, "types": ("member.enrolled",)}, [10]),
    ],
)
def test_a_replay_sends_what_was_chosen(
    database_url: str, wish: dict[str, Any], chosen: list[int]
) -> None:
    with past(database_url) as it:
        for member in ("ann", "ben", "cem"):
            it.enrol(member)
            it.shop.clock.at_ms += HOUR_MS
            for _ in range(4):
                it.visit(member)
                it.shop.clock.at_ms += HOUR_MS
        key = it.endpoint()
        asked = it.start(key, dry_run=True, **wish)
        assert isinstance(asked, Replay)
        assert it.shop.count("replay") == 0
        replay = it.begun(key, **wish)
        done = it.finish(replay)
        assert it.sent(key) == [it.facts()[number] for number in chosen]
        assert (asked.matched, asked.is_exact) == (len(chosen), True)
        assert done.queued == len(chosen)


def test_a_replay_may_be_of_one_member_or_between_two_cursors(database_url: str) -> None:
    with past(database_url) as it:
        with_a_past(it)
        key = it.endpoint()
        [(ben,)] = it.shop.rows("SELECT id FROM member WHERE member_id = 'ben'")
        it.finish(it.begun(key, member=ben))
        assert it.sent(key) == it.facts()[5:10]
        other = it.endpoint()
        rows = it.shop.rows("SELECT position FROM fact ORDER BY position")
        positions = [row[0] for row in rows]
        it.finish(it.begun(other, after=positions[2], until=positions[7]))
        assert it.sent(other) == it.facts()[3:8]


def test_what_did_not_arrive_may_be_chosen(database_url: str) -> None:
    with past(database_url) as it:
        key = it.endpoint()
        it.enrol("ann")
        it.visit("ann", 2)
        it.settle(key, "failed", 1)
        it.settle(key, "skipped", 1)
        it.settle(key, "delivered", 1)
        it.visit("ann")  # on its way
        facts = it.facts()
        failed = it.begun(key, only="failed")
        it.piece(failed)
        assert it.sent(key, failed.replay_id) == facts[:1]
        it.settle(key, "failed")
        undelivered = it.begun(key, only="undelivered")
        it.piece(undelivered)
        assert it.sent(key, undelivered.replay_id) == [facts[0], facts[1], facts[3]]
        nothing = it.begun(key, only="undelivered")
        it.piece(nothing)
        assert it.sent(key, nothing.replay_id) == []
        assert it.sound()


def test_what_was_told_nobody_is_told_nobody(database_url: str) -> None:
    with past(database_url) as it:
        it.enrol("ann")
        it.visit("ann", 2, webhooks=False)
        it.visit("ann")
        key = it.endpoint()
        it.finish(it.begun(key))
        facts = it.facts()
        assert it.sent(key) == [facts[0], facts[3]]
        assert it.sound()


def test_a_replay_goes_no_further_than_the_endpoint_takes(database_url: str) -> None:
    with past(database_url) as it:
        with_a_past(it)
        key = it.endpoint()
        replay = it.begun(key)
        assert [it.piece(replay).queued for _ in range(4)] == [3, 3, 0, 0]
        assert it.piece(replay).idle
        it.settle(key, limit=1)
        assert it.piece(replay).queued == 1


def test_a_replay_keeps_its_pace(database_url: str) -> None:
    with past(database_url) as it:
        with_a_past(it)
        it.limits = Limits(waiting=100, piece=50)
        key = it.endpoint()
        replay = it.begun(key, per_second=2)
        queued: list[int] = []
        for _ in range(4):
            queued += [it.piece(replay).queued, it.piece(replay).queued]
            it.shop.clock.at_ms += 1_000
        assert queued == [2, 0, 2, 0, 2, 0, 2, 0]


def test_a_piece_that_is_cut_off_is_as_if_it_had_not_been(database_url: str) -> None:
    with past(database_url) as it:
        with_a_past(it)
        key = it.endpoint()
        replay = it.begun(key)
        it.piece(replay)
        before = (it.read(replay), it.rows(key))
        with pytest.raises(KilledError), it.shop.backend.transaction() as unit:
            cut_off(it, unit, replay)
        assert (it.read(replay), it.rows(key)) == before
        it.finish(replay)
        assert it.sent(key) == it.facts()


def cut_off(it: Past, unit: Unit, replay: ReplayKey) -> None:
    assert do_piece(unit, replay, it.means).queued == 3
    raise KilledError


def test_a_replay_rests_goes_on_and_ends(database_url: str) -> None:
    with past(database_url) as it:
        with_a_past(it)
        key = it.endpoint()
        replay = it.begun(key)
        it.piece(replay)
        it.turn(replay, "pause")
        assert it.piece(replay).idle
        assert len(it.rows(key)) == 3
        it.turn(replay, "resume")
        it.piece(replay)
        ended = it.turn(replay, "cancel")
        assert isinstance(ended, Replay)
        assert ended.is_over
        assert ended == it.turn(replay, "cancel")
        assert len(it.rows(key)) == 6
        turns: tuple[Turn, ...] = ("pause", "resume")
        for turn in turns:
            refused = it.turn(replay, turn)
            assert isinstance(refused, Refused)
            assert refused.code == "replay.is_over"
        it.piece(replay)
        assert len(it.rows(key)) == 6


def test_a_replay_ends_with_its_endpoint(database_url: str) -> None:
    with past(database_url) as it:
        with_a_past(it)
        key = it.endpoint()
        replay = it.begun(key)
        it.piece(replay)
        it.remove(key)
        after = it.piece(replay).after
        assert after is not None
        assert (after.state, after.reason) == ("cancelled", "The endpoint was removed.")
        assert it.rows(key) == []


def test_a_replay_waits_while_its_endpoint_is_disabled(database_url: str) -> None:
    with past(database_url) as it:
        with_a_past(it)
        key = it.endpoint()
        replay = it.begun(key)
        it.deactivate(key)
        assert it.piece(replay).idle
        refused = it.start(key)
        assert isinstance(refused, Refused)
        assert refused.code == "endpoint.is_disabled"
        it.activate(key)
        refused = it.start(key)
        assert isinstance(refused, Refused)
        assert refused.code == "endpoint.is_catching_up"


def test_an_endpoint_has_a_bounded_number_of_replays(database_url: str) -> None:
    with past(database_url) as it:
        key = it.endpoint()
        for _ in range(5):
            it.begun(key)
        refused = it.start(key)
        assert isinstance(refused, Refused)
        assert (refused.code, refused.facts) == ("replay.too_many", {"most": 5})


def test_a_redrive_sets_requests_free_as_they_were(database_url: str) -> None:
    with past(database_url) as it:
        key = it.endpoint(dialect="zinrelo")
        with_a_past(it)
        with it.shop.backend.transaction() as unit:  # three requests, each of facts far apart
            rows = unit.rows("SELECT id FROM delivery ORDER BY id")
            for number, (id_,) in enumerate(rows):
                unit.run(
                    "UPDATE delivery SET status = 'failed', attempts = 8, sequence = ?, "
                    "request_id = ? WHERE id = ?",
                    (number % 3, f"request-{number % 3}", id_),
                )
        before = it.shop.rows("SELECT id, request_id, sequence, position FROM delivery ORDER BY id")
        redrive = it.begun(key, "redrive")
        it.limits = Limits(waiting=6, piece=1)
        it.piece(redrive)
        columns = "SELECT count(*), count(DISTINCT request_id) FROM delivery WHERE status = "
        assert it.shop.rows(f"{columns}'pending' AND attempts = 0") == [(5, 1)]
        done = it.finish(redrive)
        assert (done.queued, done.matched) == (15, 15)
        columns = "id, request_id, sequence, position"
        assert it.shop.rows(f"SELECT {columns} FROM delivery ORDER BY id") == before
        assert it.shop.rows("SELECT DISTINCT status FROM delivery") == [("delivered",)]
        assert it.sound()


def test_a_redrive_takes_what_was_chosen_and_nothing_that_fails_later(database_url: str) -> None:
    with past(database_url) as it:
        key = it.endpoint()
        it.enrol("ann")
        it.visit("ann", 2)
        it.shop.clock.at_ms += HOUR_MS
        it.visit("ann", 2)
        it.settle(key, "failed")
        wish: dict[str, Any] = {"types": ("points.earned",), "to_ms": START_MS + HOUR_MS}
        redrive = it.begun(key, "redrive", **wish)
        it.visit("ann")
        it.settle(key, "failed")
        it.finish(redrive)
        assert [row[2] for row in it.rows(key)] == [
            "failed", "delivered", "delivered", "failed", "failed", "failed",
        ]  # fmt: skip


def test_a_runner_does_all_replays_and_lives_through_broken_ones(database_url: str) -> None:
    with past(database_url) as it:
        with_a_past(it)
        it.without_limits()
        broken = it.begun(it.endpoint())
        with it.shop.backend.transaction() as unit:
            unit.run("UPDATE endpoint SET dialect = 'klingon'")
        keys = [it.endpoint(dialect=name) for name in ("native", "nector")]
        replays = [it.begun(key) for key in keys]
        assert it.runner().tick() == 3
        assert [it.read(each).state for each in replays] == ["finished"] * 2
        assert it.read(broken).state == "running"
        assert it.sent(keys[0]) == it.facts()


def test_whoever_is_told_that_another_is_at_it_does_nothing(database_url: str) -> None:
    with past(database_url) as it:
        with_a_past(it)
        it.without_limits()
        key = it.endpoint()
        replay = it.begun(key)
        with it.shop.backend.alone(f"replay {PROGRAM} {replay.replay_id}") as is_ours:
            assert is_ours
            it.runner().tick()
            assert it.rows(key) == []
        runner = it.runner()
        runner.start()
        assert runner.is_running
        for _ in range(2_000):
            if it.read(replay).is_over:
                break
            runner._stopping.wait(0.01)
        runner.stop()
        assert it.sent(key) == it.facts()


def test_no_question_of_a_replay_reads_a_table_whole(sqlite_url: str) -> None:
    with past(sqlite_url) as it:
        with_a_past(it)
        key = it.endpoint()
        [(ben,)] = it.shop.rows("SELECT id FROM member WHERE member_id = 'ben'")
        it.finish(it.begun(key))
        it.settle(key, "failed")
        wishes: list[tuple[ReplayKind, Wish]] = [
            ("replay", Wish(types=("points.earned",), from_ms=1, to_ms=1 << 50)),
            ("replay", Wish(member=ben, only="failed")),
            ("replay", Wish(only="undelivered")),
            ("redrive", Wish(types=("points.earned",))),
        ]
        plans: dict[str, list[str]] = {}

        def explained(unit: Unit, endpoint: Endpoint) -> None:
            explaining = cast("Unit", Explaining(unit, plans))
            for kind, wish in wishes:
                replay = start_replay(
                    explaining, PROGRAM, endpoint, wish,
                    kind=kind, at_ms=it.now_ms(), new_id=it.new_id,
                )  # fmt: skip
                assert isinstance(replay, Replay)
                do_piece(explaining, ReplayKey(*key, replay.id), it.means)
            deactivate(explaining, PROGRAM, endpoint, it.now_ms())
            present = find_endpoint(unit, PROGRAM, endpoint.id)
            assert present is not None
            standing = activate(
                explaining,
                PROGRAM,
                present,
                Hand(cause="test", at_ms=it.now_ms(), new_id=it.new_id),
                backfill=True,
            )
            assert standing.backfill is not None
            do_piece(explaining, ReplayKey(*key, standing.backfill.id), it.means)

        it.change(key, explained)
        del plans[LAST]  # of a maximum by an index one row is read, which no plan says
        steps = [step for steps in plans.values() for step in steps]
        assert len([step for step in steps if BOUNDED.match(step)]) > 20
        for step in steps:
            assert BOUNDED.match(step) or not re.search(r"\b(fact|f|delivery|d)\b", step), step


class Explaining:
    """A transaction that writes down how its questions are answered."""

    def __init__(self, unit: Unit, plans: dict[str, list[str]]) -> None:
        self._unit = unit
        self._plans = plans

    def __getattr__(self, name: str) -> Any:
        return getattr(self._unit, name)

    def rows(self, sql: str, values: Any = ()) -> list[Row]:
        self._explain(sql, values)
        return self._unit.rows(sql, values)

    def gather(self, statements: list[Statement]) -> list[list[Row]]:
        return [self.rows(*statement) for statement in statements]

    def run(self, sql: str, values: Any = ()) -> int:
        self._explain(sql, values)
        return self._unit.run(sql, values)

    def _explain(self, sql: str, values: Any) -> None:
        plan = self._unit.rows(f"EXPLAIN QUERY PLAN {sql}", values)
        self._plans[sql] = [row[3] for row in plan]
