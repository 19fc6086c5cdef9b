"""An answer counts once, and only while its lease is the present one."""

from stampbook.core.delivery import Delivered, RetryAt
from stampbook.core.health import Health
from stampbook.core.lease import LEASE_MS
from tests.delivery.leasing import lease, outcome, take
from tests.delivery.stage import Stage


def test_a_turn_that_is_taken_again_counts_its_failures_once(stage: Stage) -> None:
    """A worker takes a turn again when it was not told whether it was stored."""
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint, 2)
    failed = [outcome(stage, one, RetryAt(stage.clock() + 5_000)) for one in lease(stage)]
    take(stage, *failed)
    take(stage, *failed)
    assert stage.health(endpoint).failures == 2


def test_one_success_lifts_by_one_state_though_it_is_told_twice(stage: Stage) -> None:
    endpoint, other = stage.endpoint("/shop"), stage.endpoint("/other")
    stage.deliver(endpoint, 3)
    first, second, _ = lease(stage)
    take(stage, outcome(stage, first, RetryAt(stage.clock()), status_code=410))
    take(stage, unsent=[second])
    stage.clock.now_ms += LEASE_MS
    (trial,) = [one for one in lease(stage) if one.endpoint == endpoint]
    received = outcome(stage, trial, Delivered())
    take(stage, received)
    take(stage, received)
    assert stage.health(endpoint).state == "degraded"
    assert [row[0] for row in stage.deliveries(other, "fact_type")] == ["endpoint.suspended"]


def test_what_a_late_worker_heard_says_nothing_any_more(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint)
    (late,) = lease(stage)
    stage.clock.now_ms += LEASE_MS
    (present,) = lease(stage)
    take(stage, outcome(stage, late, RetryAt(stage.clock()), status_code=410))
    assert stage.health(endpoint) == Health()
    take(stage, outcome(stage, present, Delivered()))
    assert stage.health(endpoint) == Health()
    assert stage.statuses(endpoint) == ["delivered"]
