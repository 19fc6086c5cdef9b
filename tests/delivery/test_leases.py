import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stampbook.core.delivery import Delivered, RetryAt, Verdict
from stampbook.core.lease import LEASE_MS, Leased, Outcome, Turn
from stampbook.delivery.secrets import new_master_key
from tests.delivery.stage import Stage, a_secret, staged

ROOT = Path(__file__).parents[2]


def lease(stage: Stage, requests: int = 10) -> list[Leased]:
    return stage.queue().turn(
        turn(stage), lambda due: dict.fromkeys((lane.endpoint for lane in due), requests)
    )


def turn(stage: Stage, *outcomes: Outcome, unsent: Sequence[Leased] = ()) -> Turn:
    now_ms = stage.clock()
    return Turn(outcomes=outcomes, unsent=unsent, now_ms=now_ms, until_ms=now_ms + LEASE_MS)


def settle(stage: Stage, *outcomes: Outcome) -> None:
    stage.queue().turn(turn(stage, *outcomes), lambda _: {})


def release(stage: Stage, *leased: Leased) -> None:
    stage.queue().turn(turn(stage, unsent=leased), lambda _: {})


def outcome(stage: Stage, leased: Leased, verdict: Verdict) -> Outcome:
    return Outcome(
        leased=leased,
        verdict=verdict,
        started_at_ms=stage.clock(),
        ended_at_ms=stage.clock(),
        duration_ms=5,
        status_code=204 if verdict == Delivered() else 500,
        error=None,
        response_excerpt="",
    )


def test_a_killed_worker_loses_nothing(database_url: str) -> None:
    master_key = new_master_key()
    with staged(database_url, master_key, a_secret()) as stage:
        stage.sink.modes["/shop"] = "hang"
        endpoint = stage.endpoint("/shop")
        facts = stage.deliver(endpoint, 6)
        killed = subprocess.Popen(
            [sys.executable, "-m", "tests.delivery.killed_worker", database_url, master_key],
            cwd=ROOT,
        )
        arrived = stage.sink.wait_for(4)
        killed.kill()
        killed.wait(30)
        assert arrived
        leased = [row for (row,) in stage.deliveries(endpoint, "leased_until_ms") if row]
        assert len(leased) == 6  # four on their way, two on deck
        stage.sink.modes["/shop"] = "accept"
        stage.clock.now_ms += 2 * LEASE_MS
        assert stage.drain()
        assert stage.statuses(endpoint) == ["delivered"] * len(facts)
        before, after = stage.sink.received[:4], stage.sink.received[4:]
        ids_after = [received.headers["webhook-id"] for received in after]
        assert len(ids_after) == len(set(ids_after)) == len(facts)
        bodies_after = {received.headers["webhook-id"]: received.body for received in after}
        for received in before:
            assert bodies_after[received.headers["webhook-id"]] == received.body


def test_what_is_leased_is_not_leased_again_until_the_lease_ends(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop", dialect="zinrelo")
    stage.deliver(endpoint, 3)
    (first,) = lease(stage)
    stage.clock.now_ms += LEASE_MS - 1
    assert lease(stage) == []
    stage.clock.now_ms += 1
    (again,) = lease(stage)
    assert again.lease_id != first.lease_id
    assert (again.request_id, again.delivery_ids) == (first.request_id, first.delivery_ids)
    assert again.facts == first.facts
    assert again.number == first.number == 1


def test_a_late_worker_cannot_settle_what_another_has_leased(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint)
    (late,) = lease(stage)
    stage.clock.now_ms += LEASE_MS
    (present,) = lease(stage)
    settle(stage, outcome(stage, late, Delivered()))
    assert stage.deliveries(endpoint, "status, lease_id") == [("pending", present.lease_id)]
    release(stage, late)
    assert stage.deliveries(endpoint, "status, lease_id") == [("pending", present.lease_id)]
    settle(stage, outcome(stage, present, RetryAt(stage.clock() + 5_000)))
    assert stage.deliveries(endpoint, "status, attempts") == [("pending", 1)]
    settle(stage, outcome(stage, late, Delivered()))
    assert stage.deliveries(endpoint, "status, attempts") == [("pending", 1)]
    assert len(stage.attempts(endpoint, "id")) == 1


def test_settling_twice_is_settling_once(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint)
    (leased,) = lease(stage)
    settled = outcome(stage, leased, Delivered())
    settle(stage, settled)
    settle(stage, settled)
    assert stage.deliveries(endpoint, "status, attempts") == [("delivered", 1)]


def test_a_released_request_is_due_at_once_and_no_try_is_counted(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint)
    (leased,) = lease(stage)
    release(stage, leased)
    (again,) = lease(stage)
    assert (again.request_id, again.number) == (leased.request_id, 1)


def test_shares_bound_the_requests_of_each_endpoint_in_the_order_of_the_facts(
    stage: Stage,
) -> None:
    first, second = stage.endpoint("/first"), stage.endpoint("/second")
    facts = stage.deliver(first, 5)
    stage.deliver(second, 5)
    leased = stage.queue().turn(turn(stage), lambda _: {first: 3, second: 1})
    assert [one.facts[0].id for one in leased if one.endpoint == first] == facts[:3]
    assert len([one for one in leased if one.endpoint == second]) == 1


def test_repeated_requests_stay_whole_when_a_limit_cuts_through_them(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop", dialect="zinrelo", batch_size=100)
    stage.deliver(endpoint, 100, cause="first")
    stage.deliver(endpoint, 100, cause="second")
    before = lease(stage)
    assert [len(one.facts) for one in before] == [100, 100]
    with stage.backend.transaction() as unit:
        unit.run("UPDATE endpoint SET batch_size = 30")
    stage.clock.now_ms += LEASE_MS
    again = [*lease(stage, requests=2), *lease(stage, requests=2)]
    assert [(one.request_id, one.delivery_ids) for one in again] == [
        (one.request_id, one.delivery_ids) for one in before
    ]


def test_what_is_due_is_found_by_an_index(sqlite_stage: Stage) -> None:
    with sqlite_stage.backend.read() as unit:
        plan = unit.rows(
            "EXPLAIN QUERY PLAN SELECT id FROM delivery WHERE program_id = ? AND endpoint_id = ?"
            " AND status IN ('pending', 'leased') AND due_at_ms <= ?"
            " ORDER BY due_at_ms, position LIMIT ?",
            ("p", "e", 1, 1),
        )
    text = " ".join(str(row[3]) for row in plan)
    assert "ix_delivery_due" in text
    assert "TEMP B-TREE" not in text
