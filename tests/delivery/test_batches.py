"""What travels together, and how long it waits for others."""

from stampbook.nouns.examples import EXAMPLE_MEMBER
from tests.delivery.leasing import facts_of, lease
from tests.delivery.stage import Stage

WAIT_MS = 10_000
ADDRESS = f'"email_address":"{EXAMPLE_MEMBER.email_address}"'
NO_ADDRESS = '"email_address":null'


def test_a_batch_waits_for_others_and_goes_early_when_it_is_full(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop", dialect="zinrelo", batch_size=3, batch_wait_ms=WAIT_MS)
    facts = stage.deliver(endpoint, 2, wait_ms=WAIT_MS)
    assert lease(stage) == []
    facts += stage.deliver(endpoint, 2, cause="another", wait_ms=WAIT_MS)
    assert facts_of(lease(stage)) == facts[:3]
    assert lease(stage) == []
    stage.clock.now_ms += WAIT_MS
    assert facts_of(lease(stage)) == facts[3:]


def test_a_full_batch_is_seen_behind_others_that_wait(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop", dialect="zinrelo", batch_size=2, batch_wait_ms=WAIT_MS)
    stage.deliver(endpoint, 1, fact_type="points.redeemed", wait_ms=WAIT_MS)
    stage.deliver(endpoint, 1, fact_type="member.updated", wait_ms=WAIT_MS)
    facts = stage.deliver(endpoint, 2, wait_ms=WAIT_MS)
    assert facts_of(lease(stage, requests=1)) == facts


def test_what_nobody_asked_for_fills_no_batch(stage: Stage) -> None:
    endpoint = stage.endpoint(
        "/shop",
        dialect="zinrelo",
        batch_size=3,
        batch_wait_ms=WAIT_MS,
        only_with=("data.member_info.email_address",),
    )
    silent = stage.deliver(endpoint, 2, wait_ms=WAIT_MS)
    with stage.backend.transaction() as unit:
        unit.run("UPDATE fact SET body = replace(body, ?, ?)", (ADDRESS, NO_ADDRESS))
    facts = stage.deliver(endpoint, 2, wait_ms=WAIT_MS)
    assert lease(stage) == []
    assert stage.statuses(endpoint) == ["skipped"] * len(silent) + ["pending"] * len(facts)
    facts += stage.deliver(endpoint, 1, wait_ms=WAIT_MS)
    assert [facts_of([one]) for one in lease(stage)] == [facts]
