"""Retention: what has had its time goes, and nothing else does."""

from collections.abc import Generator

import pytest

from stampbook.core.delivery import Conduct
from stampbook.core.lease import EndpointKey
from stampbook.core.retention import DAY_MS, Retention, cuts
from stampbook.delivery.secrets import new_master_key
from stampbook.store.backend import Row
from stampbook.store.retention import go_on, kept, lines
from stampbook.values.ids import ProgramId, first_cause, first_id
from tests.delivery.stage import PROGRAM, Stage, a_secret, staged

DAYS = Retention(deliveries_days=3, failed_days=6, facts_days=9)


@pytest.fixture
def stage(database_url: str) -> Generator[Stage]:
    with staged(database_url, new_master_key(), a_secret()) as open_stage:
        open_stage.clock.now_ms -= open_stage.clock.now_ms % DAY_MS - DAY_MS // 2  # noon
        yield open_stage


def pass_days(stage: Stage, days: float) -> None:
    stage.clock.now_ms += round(days * DAY_MS)


def clear(stage: Stage, retention: Retention = DAYS, *, limit: int = 500) -> int:
    """Let go of all that has had its time; give how many rows went."""
    gone = 0
    for _ in range(1_000):
        with stage.backend.transaction() as unit:
            now_ms = stage.clock()
            piece = go_on(unit, PROGRAM, cuts(retention, now_ms), at_ms=now_ms, limit=limit)
        assert piece.looked <= limit
        gone += piece.gone
        if piece.part is None:
            return gone
    raise AssertionError("it does not come to its end")


def rows(stage: Stage, sql: str) -> list[Row]:
    with stage.backend.read() as unit:
        return unit.rows(sql)


def bodies(stage: Stage) -> list[bool]:
    return [bool(row[0]) for row in rows(stage, "SELECT body FROM fact ORDER BY position")]


def broken(stage: Stage) -> EndpointKey:
    """Give an endpoint with a dead letter that failed just now."""
    stage.sink.modes["/broken"] = "fail"
    endpoint = stage.endpoint("/broken", conduct=Conduct(retry_delays_seconds=()))
    stage.deliver(endpoint)
    assert stage.drain()
    assert stage.statuses(endpoint) == ["failed"]
    return endpoint


def test_what_was_received_goes_after_its_days(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint, 3)
    assert stage.drain()
    pass_days(stage, 3)
    assert clear(stage) == 0
    pass_days(stage, 1)
    assert clear(stage) == 3
    assert stage.statuses(endpoint) == []
    assert bodies(stage) == [True, True, True]


def test_a_dead_letter_and_its_tries_have_days_of_their_own(stage: Stage) -> None:
    endpoint = broken(stage)
    pass_days(stage, 6)
    assert clear(stage) == 0
    assert len(stage.attempts(endpoint, "id")) == 1
    pass_days(stage, 1)
    assert clear(stage) == 2
    assert (stage.statuses(endpoint), stage.attempts(endpoint, "id")) == ([], [])


def test_days_are_counted_from_the_end_of_a_delivery_and_not_from_its_fact(stage: Stage) -> None:
    waiting, endpoint = stage.endpoint("/paused", status="disabled"), stage.endpoint("/shop")
    stage.deliver(waiting)
    stage.deliver(endpoint)
    assert stage.drain()
    pass_days(stage, 20)
    assert clear(stage) == 2  # a delivery and what its fact says
    assert stage.statuses(waiting) == ["pending"]
    assert bodies(stage) == [True, False]
    with stage.backend.transaction() as unit:
        unit.run("UPDATE endpoint SET status = 'active'")
    assert stage.drain()
    assert stage.statuses(waiting) == ["delivered"]
    assert clear(stage) == 0
    pass_days(stage, 3)
    assert clear(stage) == 0
    pass_days(stage, 1)
    assert clear(stage) == 1
    assert (stage.statuses(waiting), bodies(stage)) == ([], [False, False])


def test_what_its_endpoint_did_not_want_goes_like_what_was_received(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop", only_with=("data.member.twitter_handle",))
    stage.deliver(endpoint)
    assert stage.drain()
    assert stage.statuses(endpoint) == ["skipped"]
    pass_days(stage, 4)
    assert clear(stage) == 1
    assert stage.statuses(endpoint) == []


def test_a_dead_letter_keeps_what_it_would_send_again(stage: Stage) -> None:
    broken(stage)
    pass_days(stage, 10)
    assert clear(stage, Retention(deliveries_days=1, failed_days=0, facts_days=1)) == 0
    assert bodies(stage) == [True]
    assert clear(stage) == 2  # the dead letter and its try, and with them what its fact says
    assert bodies(stage) == [False]


def test_an_answer_about_several_facts_goes_with_them(stage: Stage) -> None:
    stage.sink.modes["/shop"] = "cut"  # which says a few words
    endpoint = stage.endpoint("/shop", dialect="zinrelo")
    stage.deliver(endpoint, 3)
    assert stage.drain()
    assert len(stage.attempts(endpoint, "id")) == 1
    pass_days(stage, 4)
    assert clear(stage) == 4
    assert stage.attempts(endpoint, "id") == []


def test_zero_days_are_for_ever(stage: Stage) -> None:
    endpoint, dead = stage.endpoint("/shop"), broken(stage)
    stage.deliver(endpoint)
    assert stage.drain()
    pass_days(stage, 3_000)
    assert clear(stage, Retention(deliveries_days=0, failed_days=0)) == 0
    assert (stage.statuses(endpoint), stage.statuses(dead)) == (["delivered"], ["failed"])


def test_small_pieces_do_the_same_as_one(stage: Stage) -> None:
    """Also when each is of another process: where to go on is stored with what went."""
    endpoint = stage.endpoint("/shop")
    for _ in range(3):
        stage.deliver(endpoint, 7)
        pass_days(stage, 1)
    assert stage.drain()
    stage.deliver(endpoint, 2)
    pass_days(stage, 4)
    assert clear(stage, limit=4) == 21
    assert stage.statuses(endpoint) == ["pending", "pending"]
    with stage.backend.read() as unit:
        [deliveries, *_] = lines(unit, PROGRAM)
    assert deliveries.rows == 21
    assert deliveries.finished_at is not None


def test_a_day_that_is_longer_again_stops_a_pass_where_it_should(stage: Stage) -> None:
    """What was begun under shorter days goes no further than the longer ones allow."""
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint, 5)
    assert stage.drain()
    pass_days(stage, 5)
    with stage.backend.transaction() as unit:
        at = cuts(Retention(facts_days=2), stage.clock())
        assert go_on(unit, PROGRAM, at, at_ms=stage.clock(), limit=2).gone == 2
    assert clear(stage, Retention(facts_days=30)) == 0
    assert bodies(stage) == [False, False, True, True, True]


def test_only_the_asked_program_is_cleared(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint)
    assert stage.drain()
    pass_days(stage, 30)
    with stage.backend.transaction() as unit:
        now_ms = stage.clock()
        other = ProgramId("b" * 24)
        piece = go_on(unit, other, cuts(DAYS, now_ms), at_ms=now_ms, limit=100)
    assert piece.gone == 0
    assert stage.statuses(endpoint) == ["delivered"]


def test_traces_go_after_a_week(stage: Stage) -> None:
    with stage.backend.transaction() as unit:
        row = (PROGRAM, first_cause(stage.clock()) + "0" * 13, "00-a-b-01")
        unit.insert("trace", ("program_id", "cause", "context"), [row])
    pass_days(stage, 7)
    assert clear(stage) == 0
    pass_days(stage, 1)
    assert clear(stage) == 1


def test_what_is_written_down_covers_what_went(stage: Stage) -> None:
    """Verify and the feed believe it, so no row may be gone that is not covered."""
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint)
    assert stage.drain()
    pass_days(stage, 10)
    [young] = stage.deliver(endpoint)
    with stage.backend.read() as unit:
        assert kept(unit, PROGRAM).log_from == first_id(0)
    clear(stage)
    with stage.backend.read() as unit:
        found = kept(unit, PROGRAM)
        [(old, position)] = unit.rows("SELECT id, position FROM fact WHERE body = ''")
    assert old < found.facts_from <= young
    assert old < found.log_from <= young
    assert found.position == position


def test_what_one_delivery_needs_stays_when_another_goes(stage: Stage) -> None:
    dead, endpoint = broken(stage), stage.endpoint("/shop")
    with stage.backend.transaction() as unit:
        unit.run(
            "INSERT INTO delivery (program_id, id, endpoint_id, fact_id, fact_type, cause, "
            "position, status, due_at_ms, attempts, delivered_at_ms) SELECT program_id, ?, ?, "
            "fact_id, fact_type, cause, position, 'delivered', due_at_ms, 1, ? FROM delivery",
            (stage.new_id(), endpoint.endpoint_id, stage.clock() + 4 * DAY_MS),
        )
    retention = Retention(deliveries_days=3, failed_days=20, facts_days=1)
    for day in range(10):
        clear(stage, retention)
        assert stage.statuses(endpoint) == (["delivered"] if day < 8 else [])
        pass_days(stage, 1)
    assert (stage.statuses(dead), bodies(stage)) == (["failed"], [True])
