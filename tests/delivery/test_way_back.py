"""The way back: an endpoint is left, and comes back to all that it missed, once and in order."""

import random
from collections.abc import Iterator

import pytest

from stampbook.core.delivery import Conduct
from stampbook.core.health import DISABLED_AFTER_MS, WARNED_AFTER_MS, Health
from stampbook.core.lease import EndpointKey
from stampbook.core.replays import ReplayKey
from stampbook.delivery.call import Policy
from stampbook.delivery.secrets import Vault, new_master_key
from stampbook.delivery.sender import Sender
from stampbook.delivery.worker import Sent, Worker, World
from stampbook.dialects import example_of
from stampbook.facts import catalogue
from stampbook.store.activation import Standing, resume
from stampbook.store.backend import POSITION_BITS, ClashError, Unit
from stampbook.store.deliveries import Deliveries
from stampbook.store.lanes import Lane, read_lane, save_lanes
from stampbook.store.save import DELIVERY, FACT
from stampbook.store.subscriptions import ENDPOINTS, Subscription, subscription, together
from stampbook.values.ids import FactId
from tests.delivery.past import PROGRAM, Past, past
from tests.delivery.sink import running_sink
from tests.delivery.stage import Stage, a_secret

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def backfill_of(key: EndpointKey, standing: Standing) -> ReplayKey:
    assert standing.backfill is not None
    return ReplayKey(*key, standing.backfill.id)


def lane_of(it: Past, key: EndpointKey) -> Lane:
    with it.shop.backend.read() as unit:
        return read_lane(unit, key)


@pytest.fixture
def it(database_url: str) -> Iterator[Past]:
    with past(database_url) as opened:
        opened.enrol("ann")
        yield opened


def test_what_was_missed_comes_in_order_and_then_the_present(it: Past) -> None:
    key = it.endpoint()
    it.visit("ann", 3)
    it.settle(key)
    it.deactivate(key)
    it.visit("ann", 7)
    assert len(it.rows(key)) == 3
    standing = it.activate(key)
    backfill = backfill_of(key, standing)
    assert standing.backfill is not None
    assert (standing.status, standing.backfill.matched) == ("active", 7)
    seen: list[str] = []
    for _ in range(40):
        it.piece(backfill)
        it.settle(key)
        fresh = [fact for fact in it.sent(key) if fact not in seen]
        seen += fresh
        if it.read(backfill).is_over:
            break
        it.visit("ann")  # is held back until what was missed is there
        it.shop.clock.at_ms += 1
    assert it.read(backfill).state == "finished"
    it.visit("ann")
    seen += [fact for fact in it.sent(key) if fact not in seen]
    assert seen == it.facts()[1:]
    assert len(it.rows(key)) == len(seen)
    assert it.rows(key)[-1][1] is None
    assert it.sound()


def test_without_a_backfill_the_present_comes_at_once(it: Past) -> None:
    key = it.endpoint()
    it.deactivate(key)
    it.visit("ann", 2)
    assert it.activate(key, backfill=False).backfill is None
    it.visit("ann")
    assert it.sent(key) == it.facts()[-1:]
    assert lane_of(it, key).left_at_position is None
    assert it.sound()


def test_an_endpoint_that_nobody_left_has_nothing_to_catch_up(it: Past) -> None:
    key = it.endpoint(status="disabled")
    it.visit("ann")
    assert it.activate(key).backfill is None
    it.visit("ann")
    assert it.sent(key) == it.facts()[-1:]


def test_activating_what_is_active_changes_nothing(it: Past) -> None:
    key = it.endpoint()
    it.deactivate(key)
    it.visit("ann", 9)
    backfill = backfill_of(key, it.activate(key))
    it.piece(backfill)
    before = it.shop.dump()
    assert backfill_of(key, it.activate(key)) == backfill
    assert it.shop.dump() == before


def test_left_again_while_it_catches_up_it_goes_on_where_it_had_come_to(it: Past) -> None:
    key = it.endpoint()
    it.deactivate(key)
    it.visit("ann", 9)
    first = backfill_of(key, it.activate(key))
    it.piece(first)
    it.deactivate(key)
    it.deactivate(key)
    assert (it.read(first).state, it.read(first).reason) == (
        "cancelled",
        "The endpoint was disabled.",
    )
    it.visit("ann", 2)
    it.settle(key)
    second = backfill_of(key, it.activate(key))
    assert it.finish(second).queued == 8
    assert it.sent(key) == it.facts()[1:]
    assert it.sound()


def test_a_backfill_that_is_cancelled_leaves_the_rest_and_joins_the_present(it: Past) -> None:
    key = it.endpoint()
    it.deactivate(key)
    it.visit("ann", 9)
    backfill = backfill_of(key, it.activate(key))
    it.piece(backfill)
    it.turn(backfill, "cancel")
    it.visit("ann")
    facts = it.facts()
    assert it.sent(key) == [*facts[1:4], facts[-1]]
    assert it.piece(backfill).idle
    it.settle(key)
    rest = it.begun(key, only="undelivered", types=("points.earned",))
    it.finish(rest)
    assert sorted(it.sent(key)) == sorted(facts[1:])
    assert it.sound()


def test_while_a_backfill_rests_nothing_overtakes_it(it: Past) -> None:
    key = it.endpoint()
    it.deactivate(key)
    it.visit("ann", 9)
    backfill = backfill_of(key, it.activate(key))
    it.turn(backfill, "pause")
    it.visit("ann")
    assert it.piece(backfill).idle
    assert it.rows(key) == []
    assert it.sound()
    it.turn(backfill, "resume")
    it.finish(backfill)
    assert it.sent(key) == it.facts()[1:]


def test_a_removed_endpoint_ends_its_backfill(it: Past) -> None:
    key = it.endpoint()
    it.deactivate(key)
    it.visit("ann", 9)
    backfill = backfill_of(key, it.activate(key))
    it.piece(backfill)
    it.remove(key)
    it.piece(backfill)
    assert it.read(backfill).state == "cancelled"
    assert it.rows(key) == []


def test_what_is_told_of_an_endpoint_is_told_to_others(it: Past) -> None:
    key, other = it.endpoint(), it.endpoint()
    with it.shop.backend.transaction() as unit:
        health = Health(state="disabled", since_ms=it.now_ms(), warned_at_ms=1)
        save_lanes(unit, [(key, Lane(health=health, left_at_position=0), Conduct())])
        unit.run("UPDATE endpoint SET status = 'disabled' WHERE id = ?", (key.endpoint_id,))
    standing = it.activate(key)
    assert (standing.health.state, standing.health.pause_until_ms) == ("degraded", 0)
    it.finish(backfill_of(key, standing))
    told = it.shop.rows("SELECT id, type FROM fact WHERE member = ?", (key.endpoint_id,))
    [(fact_id, kind)] = told
    assert kind == "endpoint.degraded"
    assert fact_id in it.sent(other)
    assert fact_id not in it.sent(key)
    assert it.sent(key) == it.facts()[:1]


def test_a_resumed_endpoint_is_tried_at_once(it: Past) -> None:
    key = it.endpoint()
    it.visit("ann", 2)
    health = Health(state="suspended", since_ms=1, pause_until_ms=it.now_ms() + HOUR_MS)
    with it.shop.backend.transaction() as unit:
        save_lanes(unit, [(key, Lane(health=health, sequence=9), Conduct())])
        unit.run("UPDATE delivery SET due_at_ms = due_at_ms + ?, attempts = 3", (5 * HOUR_MS,))
    standing = it.change(key, lambda unit, one: resume(unit, PROGRAM, one, it.now_ms()))
    assert (standing.health.state, standing.health.pause_until_ms) == ("suspended", 0)
    assert lane_of(it, key) == Lane(health=standing.health, sequence=9)
    assert it.shop.rows("SELECT DISTINCT due_at_ms, attempts FROM delivery") == [(it.now_ms(), 3)]


class LateBatch:
    """A batch of the engine that takes its time, step by step."""

    def __init__(self, it: Past, unit: Unit, name: str) -> None:
        self.it = it
        self.unit = unit
        self.name = name
        self.number = unit.number
        self.known: list[Subscription] = []

    def read(self) -> list[str]:
        self.unit.rows(*together(self.unit.dialect, PROGRAM))
        self.known = [subscription(*row) for row in self.unit.rows(ENDPOINTS, (PROGRAM,))]
        return [each.endpoint_id for each in self.known]

    def store(self) -> None:
        position = (self.number << POSITION_BITS) + 1
        body = example_of(catalogue()["points.earned"], FactId(self.name)).body
        at_ms = self.it.now_ms()
        fact = (PROGRAM, self.name, position, "points.earned", self.name, 1, at_ms, at_ms, "c")
        self.unit.insert("fact", FACT, [(*fact, len(self.known), body)])
        rows = [
            (PROGRAM, self.it.new_id(), each.endpoint_id, self.name, "points.earned", "c",
             position, "pending", at_ms, 0, None)
            for each in self.known
        ]  # fmt: skip
        self.unit.insert("delivery", DELIVERY, rows)
        self.unit.rows("SELECT 1")  # the rows are sent


def test_a_batch_that_saw_the_endpoint_before_it_was_left_is_not_doubled(
    postgres_url: str,
) -> None:
    with past(postgres_url) as it:
        it.enrol("ann")
        key = it.endpoint()
        with it.shop.backend.transaction() as unit:
            late = LateBatch(it, unit, "late")
            assert late.read() == [key.endpoint_id]
            it.deactivate(key)
            it.visit("ann")
            late.store()
        it.visit("ann")
        it.finish(backfill_of(key, it.activate(key)))
        assert it.sent(key) == it.facts()[1:]


def test_a_batch_that_began_before_the_endpoint_was_left_is_not_lost(postgres_url: str) -> None:
    with past(postgres_url) as it:
        it.enrol("ann")
        key = it.endpoint()
        with it.shop.backend.transaction() as unit:
            late = LateBatch(it, unit, "late")
            it.visit("ann")
            it.deactivate(key)
            it.visit("ann", 5)
            assert late.read() == []
            late.store()
            backfill = backfill_of(key, it.activate(key))
            with pytest.raises(ClashError):  # nothing is left but what that batch holds up
                it.piece(backfill)
        it.finish(backfill)
        assert it.sent(key) == it.facts()[1:]
        assert "late" in it.sent(key, backfill.replay_id)


def test_what_waits_since_the_endpoint_was_left_is_not_sent_before_what_it_missed(
    postgres_url: str,
) -> None:
    with past(postgres_url) as it:
        it.enrol("ann")
        key = it.endpoint(ordering="endpoint")
        with it.shop.backend.transaction() as unit:
            late = LateBatch(it, unit, "late")  # its number is the lower one
            it.visit("ann", 2)
            it.deactivate(key)
            late.read()
            late.store()
        it.visit("ann", 3)
        assert it.sent(key) == it.facts()[2:4]
        it.activate(key)
        assert it.sent(key) == it.facts()[1:4]


def test_an_endpoint_joins_when_every_batch_without_it_has_ended(postgres_url: str) -> None:
    with past(postgres_url) as it:
        it.enrol("ann")
        key = it.endpoint()
        it.deactivate(key)
        backfill = backfill_of(key, it.activate(key))
        with it.shop.backend.transaction() as unit:
            late = LateBatch(it, unit, "late")
            assert late.read() == []
            with pytest.raises(ClashError):
                it.piece(backfill)
            assert it.runner().tick() == 1
            late.store()
        assert it.rows(key) == []
        after = it.piece(backfill).after
        assert after is not None
        assert after.state == "finished"
        assert it.sent(key) == ["late"]


def test_a_batch_that_reads_after_the_endpoint_joined_keeps_for_it(postgres_url: str) -> None:
    with past(postgres_url) as it:
        it.enrol("ann")
        key = it.endpoint()
        it.deactivate(key)
        backfill = backfill_of(key, it.activate(key))
        with it.shop.backend.transaction() as unit:
            late = LateBatch(it, unit, "late")  # has its number, and has not read yet
            it.visit("ann", 1)
            assert it.piece(backfill).after == it.read(backfill)
            assert it.read(backfill).state == "finished"
            assert late.read() == [key.endpoint_id]
            late.store()
        it.visit("ann")
        assert it.sent(key) == it.facts()[1:]
        assert it.facts()[1] == "late", "its number is the lower one"


def test_an_endpoint_that_was_disabled_for_its_silence_misses_nothing(stage: Stage) -> None:
    key = stage.endpoint("/shop")
    stage.deliver(key)
    fall = Health(
        state="suspended",
        since_ms=stage.clock() - DISABLED_AFTER_MS,
        warned_at_ms=stage.clock() - (DISABLED_AFTER_MS - WARNED_AFTER_MS),
    )
    with stage.backend.transaction() as unit:
        save_lanes(unit, [(key, Lane(health=fall), Conduct())])
    stage.sink.modes["/shop"] = "fail"
    stage.drain()
    assert stage.endpoint_status(key) == "disabled"
    with stage.backend.read() as unit:
        lane = read_lane(unit, key)
    assert lane.health.state == "disabled"
    assert lane.left_at_position is not None
    [(position,)] = stage.deliveries(key, "position")
    assert isinstance(position, int)
    if stage.backend.dialect.name == "sqlite":
        assert lane.left_at_position >= position


@pytest.mark.parametrize("ordering", ["member", "endpoint"])
def test_the_receiver_sees_the_past_before_the_present(database_url: str, ordering: str) -> None:
    dice = random.Random(4)
    with past(database_url) as it, running_sink() as sink:
        vault, secret = Vault([new_master_key()]), a_secret()
        key = it.endpoint(ordering=ordering)
        with it.shop.backend.transaction() as unit:
            unit.run(
                "UPDATE endpoint SET url = ?, secrets = ?", (sink.url("/"), vault.seal([secret]))
            )
        members = ["ann", "ben", "cem"]
        for member in members:
            it.enrol(member)
        it.deactivate(key)
        for _ in range(20):
            it.visit(dice.choice(members))
        backfill = backfill_of(key, it.activate(key))
        worker = Worker(
            queue=Deliveries(it.shop.backend, it.new_id),
            sender=Sender[Sent](Policy(allow_private=True, certificates=None, user_agent="T")),
            vault=vault,
            world=World(now_ms=it.now_ms, fraction=dice.random),
        )
        for _ in range(60):
            for _ in range(dice.randint(0, 2)):
                it.visit(dice.choice(members))
            it.piece(backfill)
            it.shop.clock.at_ms += 5
            assert worker.drain(30)
            if it.read(backfill).is_over:
                break
        for member in members:
            it.visit(member)
        assert worker.drain(30)
        worker.close()
        arrived = [one.headers["webhook-id"] for one in sink.received]
        assert sorted(arrived) == sorted(it.facts())
        if ordering == "endpoint":
            assert arrived == it.facts()
        rows = it.shop.rows("SELECT id, member, sequence FROM fact")
        facts = {id_: (member, sequence) for id_, member, sequence in rows}
        for member in {member for member, _ in facts.values()}:
            numbers = [
                number for whose, number in map(facts.__getitem__, arrived) if whose == member
            ]
            assert numbers == sorted(numbers)
