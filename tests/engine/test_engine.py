"""The engine: what it answers, what it stores, and what it keeps apart."""

import asyncio
from concurrent.futures import Future

import pytest
from msgspec import Struct
from msgspec.structs import replace

from stampbook import commands
from stampbook.commands import Command
from stampbook.commands.award_points import AwardPoints, PointsAwarded
from stampbook.commands.enroll_member import EnrollMember, MemberEnrolled
from stampbook.commands.redeem_reward import RedeemReward, RewardRedeemed
from stampbook.commands.reject_redemption import RedemptionRejected, RejectRedemption
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.engine.queue import QueueFullError
from stampbook.engine.submission import Done, Failed, Outcome, Rejected
from stampbook.engine.writer import Engine
from stampbook.store.pools import fill_pool, pool
from stampbook.store.save import TOLD_NOBODY
from tests.engine.shop import DEFINITION, PROGRAM, opened

PLAIN = replace(DEFINITION, rewards=())

ANN = EnrollMember(member_id="ann", email_address="ann@example.org")
VISIT = AwardPoints(member_id="ann", activity_id="visit")


def test_a_command_is_stored_and_answered(database_url: str) -> None:
    with opened(database_url, definition=PLAIN) as shop:
        enrolled = shop.done(ANN, MemberEnrolled)
        awarded = shop.done(VISIT, PointsAwarded)
        assert awarded.member.id == enrolled.member.id
        assert awarded.member.balances.available == 50
        assert awarded.transaction.status == "approved"
        facts = shop.rows("SELECT type, sequence FROM fact ORDER BY position")
        assert facts == [("member.enrolled", 1), ("points.earned", 2)]
        assert shop.rows("SELECT available, email, tier_id FROM member") == [
            (50, "ann@example.org", "blue")
        ]
        assert shop.rows("SELECT points, remaining, held, is_open FROM lot") == [(50, 50, 0, 1)]
        assert shop.rows("SELECT kind, points, available_after FROM entry") == [("award", 50, 50)]


def test_a_later_command_of_a_batch_sees_the_earlier(database_url: str) -> None:
    with opened(database_url) as shop:
        spend = RedeemReward(member_id="ann", reward_id="mug")
        outcomes = shop.all(shop.submission(each) for each in (ANN, VISIT, VISIT, spend, spend))
        assert [type(outcome) for outcome in outcomes] == [Done, Done, Done, Done, Rejected]
        assert isinstance(outcomes[-1], Rejected)
        assert outcomes[-1].refused.code == "points.insufficient"


def test_a_refusal_is_stored_as_a_fact(database_url: str) -> None:
    with opened(database_url) as shop:
        shop.done(ANN, MemberEnrolled)
        outcome = shop.do(RedeemReward(member_id="ann", reward_id="mug"))
        assert isinstance(outcome, Rejected)
        assert shop.rows("SELECT type FROM fact ORDER BY position DESC LIMIT 1") == [
            ("reward.refused",)
        ]


def test_a_dry_run_leaves_nothing(database_url: str) -> None:
    with opened(database_url) as shop:
        shop.done(ANN, MemberEnrolled)
        before = shop.dump()
        tried = shop.done(VISIT, PointsAwarded, dry_run=True, idempotency_key="k")
        assert tried.member.balances.available == 50
        assert shop.dump() == before


def test_a_rejected_hold_gives_back_points_count_and_code(database_url: str) -> None:
    with opened(database_url) as shop:
        with shop.backend.transaction() as unit:
            assert fill_pool(unit, PROGRAM, "card", ["C1", "C2", "C1"]).added == 2
            assert fill_pool(unit, PROGRAM, "card", ["C2"]).known == ("C2",)
        shop.all(shop.submission(each) for each in (ANN, VISIT, VISIT))
        card = RedeemReward(member_id="ann", reward_id="card", hold=True)
        held = shop.done(card, RewardRedeemed)
        assert held.coupon is not None
        assert held.coupon.code == "C1"
        assert shop.rows("SELECT redeemed FROM reward_count") == [(1,)]
        shop.done(RejectRedemption(transaction_id=held.transaction.id), RedemptionRejected)
        assert shop.rows("SELECT redeemed FROM reward_count") == [(0,)]
        with shop.backend.read() as unit:
            assert pool(unit, PROGRAM, "card").free == 2
        again = shop.done(card, RewardRedeemed)
        assert again.coupon is not None
        assert again.coupon.code == "C2"


def test_a_reward_is_announced_only_while_its_pool_has_codes(database_url: str) -> None:
    announced = "SELECT COUNT(*) FROM fact WHERE type = 'reward.became_available' AND body LIKE ?"
    with opened(database_url) as shop:
        shop.all(shop.submission(each) for each in (ANN, VISIT, VISIT, VISIT))
        assert shop.rows(announced, ('%"id":"card"%',)) == [(0,)]
        with shop.backend.transaction() as unit:
            fill_pool(unit, PROGRAM, "card", ["C1"])
        bea = EnrollMember(member_id="bea")
        visit = AwardPoints(member_id="bea", activity_id="visit")
        shop.all(shop.submission(each) for each in (bea, visit, visit, visit))
        assert shop.rows(announced, ('%"id":"card"%',)) == [(1,)]


def test_a_hold_that_times_out_on_the_way_counts_down(database_url: str) -> None:
    with opened(database_url) as shop:
        shop.all(shop.submission(each) for each in (ANN, VISIT, VISIT))
        shop.done(RedeemReward(member_id="ann", reward_id="mug", hold=True), RewardRedeemed)
        shop.clock.at_ms += 31 * 60_000
        after = shop.done(VISIT, PointsAwarded)
        assert after.member.balances.available == 150
        assert shop.rows("SELECT redeemed FROM reward_count") == [(0,)]


def breaking(draft: Draft, command: Command) -> Struct | Refused:
    """Decide, but break after an award for `boom` has changed its member."""
    if isinstance(command, AwardPoints) and command.activity_id == "boom":
        book = draft.book_of(command.member_id)
        assert book is not None
        draft.change_member(book, first_name="Boom")
        raise RuntimeError("boom")
    return commands.decide(draft, command)


def test_a_command_that_breaks_is_dropped_alone(database_url: str) -> None:
    with opened(database_url, decide=breaking) as shop:
        boom = AwardPoints(member_id="ann", activity_id="boom")
        outcomes = shop.all(shop.submission(each) for each in (ANN, VISIT, boom, VISIT))
        assert [type(outcome) for outcome in outcomes] == [Done, Done, Failed, Done]
        member = shop.done(VISIT, PointsAwarded).member
        assert member.first_name is None
        assert member.balances.available == 150


def test_what_cannot_be_stored_is_found_by_halving(sqlite_url: str) -> None:
    with opened(sqlite_url) as shop:
        with shop.backend.transaction() as unit:
            unit.run(
                "CREATE TRIGGER poison BEFORE INSERT ON member WHEN NEW.member_id = 'm5' "
                "BEGIN SELECT RAISE(ABORT, 'poison'); END"
            )
        outcomes = shop.all(
            shop.submission(EnrollMember(member_id=f"m{number}")) for number in range(12)
        )
        kinds = [type(outcome) for outcome in outcomes]
        assert kinds == [Failed if number == 5 else Done for number in range(12)]
        assert shop.count("member") == 11


def test_the_queue_is_bounded_and_closed_when_the_engine_stops(sqlite_url: str) -> None:
    with opened(sqlite_url) as shop:
        small = Engine(shop.backend, waiting_max=2)
        first = [small.submit(shop.submission(ANN)) for _ in range(2)]
        with pytest.raises(QueueFullError):
            small.submit(shop.submission(ANN))
        small.start()
        small.stop()
        assert [type(each.result(0)) for each in first] == [Done, Rejected]
        with pytest.raises(QueueFullError):
            small.submit(shop.submission(ANN))


def test_an_unknown_program_is_answered(database_url: str) -> None:
    with opened(database_url) as shop:
        assert isinstance(shop.do(ANN, program_id="nowhere"), Failed)


def test_a_caller_that_went_away_does_not_stop_its_command(sqlite_url: str) -> None:
    with opened(sqlite_url) as shop:

        async def leave() -> Outcome:
            waiting = shop.engine.ask(shop.submission(ANN))
            waiting.cancel()
            return await shop.engine.ask(shop.submission(VISIT))

        assert isinstance(asyncio.run(leave()), Done)
        assert shop.count("member") == 1


def test_a_thread_cannot_withdraw_what_was_admitted(sqlite_url: str) -> None:
    with opened(sqlite_url) as shop:
        future: Future[Outcome] = shop.engine.submit(shop.submission(ANN))
        assert not future.cancel()
        assert isinstance(future.result(30), Done)


def test_deliveries_are_stored_with_their_facts(database_url: str) -> None:
    with opened(database_url, definition=PLAIN) as shop:
        endpoint = ("program_id", "id", "url", "dialect", "event_types", "secrets", "batch_size",
                    "status", "created_at_ms", "updated_at_ms", "description")  # fmt: skip
        with shop.backend.transaction() as unit:
            for name, dialect, types, status in (
                ("e1", "native", "[]", "active"),
                ("e2", "native", '["points.earned"]', "active"),
                ("e3", "zinrelo", "[]", "active"),
                ("e4", "native", "[]", "disabled"),
            ):
                row = (PROGRAM, name, "http://x", dialect, types, "", 100, status, 0, 0, "")
                unit.insert("endpoint", endpoint, [row])
        shop.done(ANN, MemberEnrolled)
        shop.done(VISIT, PointsAwarded)
        shop.done(replace(VISIT), PointsAwarded, webhooks=False)
        due = shop.rows("SELECT endpoint_id, fact_type FROM delivery ORDER BY position, id")
        assert due == [
            ("e1", "member.enrolled"),
            ("e3", "member.enrolled"),
            ("e1", "points.earned"),
            ("e2", "points.earned"),
            ("e3", "points.earned"),
        ]
        counts = shop.rows("SELECT deliveries FROM fact ORDER BY position")
        assert counts == [(2,), (3,), (TOLD_NOBODY,)]
