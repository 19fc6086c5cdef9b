"""Where order is kept, nothing is leased before what it must follow, whatever is due when."""

import pytest

from stampbook.core.delivery import Delivered, Ordering, RetryAt
from tests.delivery.leasing import facts_of, lease, outcome, take
from tests.delivery.stage import Stage


@pytest.mark.parametrize("ordering", ["member", "endpoint"])
def test_what_came_while_a_retry_waited_follows_what_had_waited_before(
    stage: Stage, ordering: Ordering
) -> None:
    """The retry is due later than what stood behind it, and earlier than what came meanwhile."""
    endpoint = stage.endpoint("/shop", ordering=ordering)
    facts = stage.deliver(endpoint, 3, ordering=ordering)
    first, *behind = lease(stage)
    retry = outcome(stage, first, RetryAt(stage.clock() + 5_000))
    assert take(stage, retry, unsent=behind) == []
    stage.clock.now_ms += 6_000
    facts += stage.deliver(endpoint, 2, ordering=ordering)
    assert facts_of(lease(stage, requests=4)) == facts[:4]


@pytest.mark.parametrize("ordering", ["member", "endpoint"])
def test_a_batch_that_is_full_early_waits_for_the_retry_before_it(
    stage: Stage, ordering: Ordering
) -> None:
    endpoint = stage.endpoint(
        "/shop", dialect="zinrelo", batch_size=2, batch_wait_ms=10_000, ordering=ordering
    )
    facts = stage.deliver(endpoint, 1, ordering=ordering)
    (first,) = lease(stage)
    assert take(stage, outcome(stage, first, RetryAt(stage.clock() + 5_000))) == []
    facts += stage.deliver(endpoint, 2, ordering=ordering, wait_ms=10_000)
    assert lease(stage) == []
    stage.clock.now_ms += 5_000
    again = lease(stage)
    assert facts_of(again) == facts
    assert [len(one.facts) for one in again] == [1, 2]


@pytest.mark.parametrize("ordering", ["member", "endpoint"])
def test_facts_keep_their_order_though_a_clock_went_back(stage: Stage, ordering: Ordering) -> None:
    endpoint = stage.endpoint("/shop", ordering=ordering)
    facts: list[str] = []
    for step_ms in (5_000, -3_000, 1_000, 4_000):
        stage.clock.now_ms += step_ms
        facts += stage.deliver(endpoint, ordering=ordering)
    assert facts_of(lease(stage, requests=3)) == facts[:3]


def test_members_do_not_wait_for_each_other(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop", ordering="member")
    ann = stage.deliver(endpoint, 2, member="a" * 24, ordering="member")
    ben = stage.deliver(endpoint, 2, member="b" * 24, ordering="member")
    leased = {str(one.facts[0].id): one for one in lease(stage)}
    assert list(leased) == [*ann, *ben]
    retry = outcome(stage, leased[ann[0]], RetryAt(stage.clock() + 5_000))
    received = outcome(stage, leased[ben[0]], Delivered())
    assert take(stage, retry, received, unsent=[leased[ann[1]], leased[ben[1]]]) == []
    assert facts_of(lease(stage)) == ben[1:]


def test_a_crowd_of_one_member_does_not_keep_others_from_their_turn(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop", ordering="member")
    stage.deliver(endpoint, 30, member="a" * 24, ordering="member")
    (first, *rest) = lease(stage, requests=20)
    take(stage, outcome(stage, first, RetryAt(stage.clock() + 5_000)), unsent=rest, requests=0)
    stage.clock.now_ms += 1_000
    ben = stage.deliver(endpoint, 2, member="b" * 24, ordering="member")
    assert facts_of(lease(stage, requests=5)) == ben


def test_one_that_is_never_accepted_lets_others_have_the_next_trial(stage: Stage) -> None:
    """What stands behind it has waited longer than they have, and is not what would be sent."""
    endpoint = stage.endpoint("/shop", ordering="member")
    ann = stage.deliver(endpoint, 2, member="a" * 24, ordering="member")
    stage.clock.now_ms += 1_000
    ben = stage.deliver(endpoint, 1, member="b" * 24, ordering="member")
    stage.clock.now_ms += 1_000
    (trial,) = lease(stage, requests=1)
    assert facts_of([trial]) == ann[:1]
    take(stage, outcome(stage, trial, RetryAt(stage.clock(), counts=False)), requests=0)
    stage.clock.now_ms += 1_000
    assert facts_of(lease(stage, requests=1)) == ben


def test_batches_of_what_is_never_accepted_let_others_have_the_next_trial(stage: Stage) -> None:
    """Though what stands behind them came before, and more comes after each trial."""
    endpoint = stage.endpoint("/shop", dialect="zinrelo", batch_size=2, ordering="member")
    stage.deliver(endpoint, 6, member="a" * 24, ordering="member")
    stage.clock.now_ms += 1_000
    ben = stage.deliver(endpoint, 1, member="b" * 24, ordering="member")
    stage.clock.now_ms += 1_000
    (trial,) = lease(stage, requests=1)
    take(stage, outcome(stage, trial, RetryAt(stage.clock(), counts=False)), requests=0)
    stage.clock.now_ms += 1_000
    stage.deliver(endpoint, 1, member="a" * 24, ordering="member")
    assert facts_of(lease(stage, requests=1)) == ben


@pytest.mark.parametrize("ordering", ["member", "endpoint"])
def test_what_was_stored_before_an_order_was_wanted_is_taken_too(
    stage: Stage, ordering: Ordering
) -> None:
    endpoint = stage.endpoint("/shop", ordering=ordering)
    facts = [
        *stage.deliver(endpoint, 2),
        *stage.deliver(endpoint, 2, ordering="member"),
        *stage.deliver(endpoint, 2, ordering=ordering),
    ]
    assert facts_of(lease(stage)) == facts
