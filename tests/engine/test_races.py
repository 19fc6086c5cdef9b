"""Races: several engines on one database, in one process or in several, are one engine."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

from stampbook.commands import Command
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.engine.submission import Done, Outcome, Rejected
from stampbook.store.verify import verify
from tests.engine.shop import PROGRAM, Shop, opened
from tests.engine.traffic import Traffic

VISIT = AwardPoints(member_id="ann", activity_id="visit")


def race(url: str, command: Command, times: int = 20, **fields: str) -> tuple[Shop, list[Outcome]]:
    with opened(url) as one, opened(url, is_new=False) as two:
        one.do(EnrollMember(member_id="ann"))
        one.all(one.submission(VISIT) for _ in range(6))
        futures = [
            shop.engine.submit(shop.submission(command, **fields))
            for _ in range(times)
            for shop in (one, two)
        ]
        outcomes = [future.result(60) for future in futures]
        with one.backend.read() as unit:
            assert list(verify(unit, PROGRAM)) == []
        return one, outcomes


def kinds(outcomes: list[Outcome]) -> dict[str, int]:
    found: dict[str, int] = {}
    for outcome in outcomes:
        name = outcome.refused.code if isinstance(outcome, Rejected) else type(outcome).__name__
        found[name] = found.get(name, 0) + 1
    return found


def test_racing_redemptions_never_overspend(database_url: str) -> None:
    _, outcomes = race(database_url, RedeemReward(member_id="ann", reward_id="mug"))
    assert kinds(outcomes) == {"Done": 3, "points.insufficient": 37}


def test_one_order_is_recorded_once(database_url: str) -> None:
    order = RecordOrder(order_id="o1", member_id="ann", order_subtotal=10)
    assert kinds(race(database_url, order)[1]) == {"Done": 1, "order.already_recorded": 39}


def test_one_customer_is_enrolled_once(database_url: str) -> None:
    joins = EnrollMember(member_id="bob")
    assert kinds(race(database_url, joins)[1]) == {"Done": 1, "member.exists": 39}


def test_one_key_happens_once(database_url: str) -> None:
    outcomes = race(database_url, VISIT, idempotency_key="k", request_hash="h")[1]
    replays = [each for each in outcomes if isinstance(each, Done) and each.replayed]
    assert len(replays) == 39
    assert len({each.result for each in outcomes if isinstance(each, Done)}) == 1


def test_an_order_of_two_customers_belongs_to_one(database_url: str) -> None:
    """The members differ, so no lock keeps them apart: the order's key does."""
    with opened(database_url) as one, opened(database_url, is_new=False) as two:
        futures = [
            shop.engine.submit(
                shop.submission(
                    RecordOrder(
                        order_id=f"o{number}", member_id=f"{name}{number}", order_subtotal=5
                    )
                )
            )
            for number in range(40)
            for name, shop in (("a", one), ("b", two))
        ]
        outcomes = [future.result(60) for future in futures]
        assert kinds(outcomes) == {"Done": 40, "order.already_recorded": 40}
        with one.backend.read() as unit:
            assert list(verify(unit, PROGRAM)) == []
        assert one.count("customer_order") == 40


def drive(url: str, seed: int) -> int:
    """Run traffic from a process of its own; gives how many outcomes were no answer."""
    with opened(url, is_new=False, writers=2) as shop:

        def ids(sql: str) -> list[str]:
            return [row[0] for row in shop.rows(sql)]

        traffic = Traffic(
            seed,
            lambda: ids("SELECT id FROM points_transaction ORDER BY id DESC LIMIT 50"),
            lambda: ids("SELECT code FROM coupon ORDER BY id DESC LIMIT 50"),
        )
        strange = 0
        for _ in range(15):
            outcomes = shop.all(shop.submission(each) for each in traffic.commands(20))
            strange += sum(not isinstance(each, Done | Rejected) for each in outcomes)
        return strange


def test_processes_that_write_the_same_members_stay_sound(postgres_url: str) -> None:
    with opened(postgres_url) as shop:
        context = multiprocessing.get_context("spawn")
        with ThreadPoolExecutor(2) as threads, context.Pool(2) as pool:
            runs = [threads.submit(pool.apply, drive, (postgres_url, seed)) for seed in (1, 2)]
            assert [run.result(100) for run in runs] == [0, 0]
        with shop.backend.read() as unit:
            assert list(verify(unit, PROGRAM)) == []
        assert shop.count("entry") > 100
