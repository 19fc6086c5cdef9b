"""Facts that have had their time are left out of what is sent again, and it is said how many."""

from collections.abc import Iterator
from typing import Any

import pytest

from stampbook.core.refusals import Refused
from stampbook.core.replays import Replay, ReplayKey
from stampbook.core.retention import DAY_MS, Retention, cuts
from stampbook.store.replays import resend
from stampbook.store.retention import go_on
from tests.delivery.past import PROGRAM, Past, past

GONE, KEPT = 4, 2


@pytest.fixture
def it(database_url: str) -> Iterator[Past]:
    with past(database_url) as opened:
        opened.enrol("ann")
        yield opened


def let_go(it: Past) -> None:
    """Let time pass, some more happen, and what is old go."""
    it.shop.clock.at_ms += 5 * DAY_MS
    it.visit("ann", KEPT)
    now_ms = it.now_ms()
    with it.shop.backend.transaction() as unit:
        retention = Retention(deliveries_days=0, failed_days=0, facts_days=2)
        piece = go_on(unit, PROGRAM, cuts(retention, now_ms), at_ms=now_ms, limit=1_000)
    assert piece.gone == GONE


def test_a_replay_leaves_out_what_has_had_its_time(it: Past) -> None:
    it.visit("ann", GONE - 1)
    let_go(it)
    key = it.endpoint()
    wishes: list[dict[str, Any]] = [{}, {"only": "undelivered"}, {"from_ms": 0}]
    for wish in wishes:
        asked = it.start(key, dry_run=True, **wish)
        assert isinstance(asked, Replay)
        assert (asked.matched, asked.expired, asked.is_exact) == (KEPT, GONE, True)
    replay = it.begun(key)
    done = it.finish(replay)
    assert (done.state, done.queued, done.expired) == ("finished", KEPT, GONE)
    assert it.sent(key) == it.facts()[-KEPT:]


def test_what_has_had_its_time_since_a_replay_began_is_left_out(it: Past) -> None:
    it.visit("ann", GONE - 1)
    key = it.endpoint()
    replay = it.begun(key)
    let_go(it)
    assert it.finish(replay).queued == 0
    assert it.sent(key) == it.facts()[-KEPT:]


def test_a_backfill_leaves_out_what_has_had_its_time_and_the_books_are_sound(it: Past) -> None:
    other, key = it.endpoint(), it.endpoint()
    it.deactivate(key)
    it.visit("ann", GONE - 1)
    it.settle(other)
    let_go(it)
    standing = it.activate(key)
    assert standing.backfill is not None
    assert (standing.backfill.matched, standing.backfill.expired) == (KEPT, GONE - 1)
    it.finish(ReplayKey(PROGRAM, key.endpoint_id, standing.backfill.id))
    assert it.sent(key) == it.facts()[-KEPT:]
    assert it.sound()


def test_a_fact_that_has_had_its_time_is_not_sent_again(it: Past) -> None:
    key = it.endpoint()
    it.visit("ann", GONE - 1)
    it.settle(key)
    let_go(it)
    with it.shop.backend.transaction() as unit:
        old = resend(unit, PROGRAM, it.rows(key)[0][3], at_ms=it.now_ms(), new_id=it.new_id)
    assert isinstance(old, Refused)
    assert old.code == "fact.expired"
