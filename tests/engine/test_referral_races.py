"""Races for a friend: whoever claims, enrols and buys at the same time, a referral pays once."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future

import pytest
from msgspec.structs import replace

from stampbook.commands import Command
from stampbook.commands.claim_referral import ClaimReferral, ReferralClaimed
from stampbook.commands.complete_referral import CompleteReferral
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember, MemberEnrolled
from stampbook.commands.record_order import RecordOrder
from stampbook.core.definition import CouponOffer
from stampbook.core.draft import Program
from stampbook.core.growth import Referrals
from stampbook.engine.submission import Done, Outcome, Rejected
from stampbook.engine.writer import Engine
from stampbook.nouns.reward import Limit
from stampbook.store.backend import Unit
from stampbook.store.programs import Programs
from stampbook.store.verify import verify
from stampbook.values.ids import ProgramId
from tests.engine.shop import DEFINITION, PROGRAM, WAIT_SECONDS, Shop, opened

EMAIL = "ben@friends.example"
REFERRING = replace(
    DEFINITION,
    coupons=(CouponOffer(id="ten", name="Ten off", value=10),),
    referrals=Referrals(
        is_active=True,
        activity="visit",
        friend_coupon="ten",
        completed_by=("buy", "post"),
        claims_limit=Limit(times=1000),
    ),
)
"""A visit is what a friend is worth: 50 points."""


def code_of(shop: Shop, key: str) -> str:
    joined = EnrollMember(member_id=key, email_address=f"{key}@members.example")
    return shop.done(joined, MemberEnrolled).member.referral_code


def kinds(outcomes: list[Outcome]) -> dict[str, int]:
    found: dict[str, int] = {}
    for outcome in outcomes:
        name = outcome.refused.code if isinstance(outcome, Rejected) else type(outcome).__name__
        found[name] = found.get(name, 0) + 1
    return found


def race(shops: list[Shop], commands: list[Command]) -> list[Outcome]:
    """Submit every command to every engine at once."""
    futures: list[Future[Outcome]] = [
        shop.engine.submit(shop.submission(command)) for command in commands for shop in shops
    ]
    return [future.result(WAIT_SECONDS) for future in futures]


def paid(shop: Shop) -> int:
    """How many referrals have paid."""
    told = "SELECT count(*) FROM fact WHERE type = 'referral.completed'"
    visits = "SELECT count(*) FROM points_transaction WHERE kind = 'award' AND points = 50"
    [[completed]], [[awards]] = shop.rows(told), shop.rows(visits)
    assert completed == awards
    return completed


def is_sound(shop: Shop) -> bool:
    with shop.backend.read() as unit:
        return list(verify(unit, PROGRAM)) == []


def test_a_friend_claims_once_whoever_asks(database_url: str) -> None:
    with (
        opened(database_url, definition=REFERRING) as one,
        opened(database_url, is_new=False) as two,
    ):
        codes = [code_of(one, key) for key in ("ann", "cat", "dan")]
        claims: list[Command] = [
            ClaimReferral(referral_code=code, email_address=EMAIL) for code in codes * 5
        ]
        outcomes = race([one, two], claims)
        assert kinds(outcomes) == {"Done": 1, "referral.friend_taken": 29}
        assert one.count("referral") == 1
        assert is_sound(one)


@pytest.mark.parametrize("auto_enrol", [True, False])
def test_racing_orders_of_a_friend_pay_once(database_url: str, auto_enrol: bool) -> None:  # noqa: FBT001
    definition = replace(REFERRING, auto_enrol=auto_enrol)
    with (
        opened(database_url, definition=definition) as one,
        opened(database_url, is_new=False) as two,
    ):
        claim = ClaimReferral(referral_code=code_of(one, "ann"), email_address=EMAIL)
        claimed = one.done(claim, ReferralClaimed).referral
        orders: list[Command] = [
            RecordOrder(
                order_id=f"o-{number}",
                member_id=f"ben-{number % 3}",
                order_subtotal=10,
                email_address=EMAIL,
                coupon_code=claimed.friend_coupon,
            )
            for number in range(12)
        ]
        by_hand = CompleteReferral(referral_id=claimed.id, activity_id="post", friend_member_id="g")
        outcomes = race([one, two], [*orders, by_hand, *orders])
        assert {"Unavailable", "Failed"}.isdisjoint(kinds(outcomes))
        assert paid(one) == 1
        assert is_sound(one)


def test_a_friend_who_enrols_and_buys_while_the_claim_arrives_pays_at_most_once(
    database_url: str,
) -> None:
    with (
        opened(database_url, definition=REFERRING, writers=2) as one,
        opened(database_url, is_new=False, writers=2) as two,
    ):
        codes = [code_of(one, key) for key in ("ann", "cat")]
        for number in range(10):
            friend, email = f"ben-{number}", f"ben-{number}@friends.example"
            mixed: list[Command] = [
                ClaimReferral(referral_code=codes[0], email_address=email),
                EnrollMember(member_id=friend, email_address=email, referral_code=codes[1]),
                RecordOrder(order_id=f"o-{number}", member_id=friend, order_subtotal=10),
                RecordOrder(order_id=f"p-{number}", member_id=friend, order_subtotal=10),
            ]
            outcomes = race([one, two], mixed)
            assert {"Unavailable", "Failed"}.isdisjoint(kinds(outcomes)), kinds(outcomes)
        assert paid(one) <= 10
        [[doubled]] = one.rows(
            "SELECT count(*) FROM (SELECT friend_email FROM referral WHERE status = 'completed' "
            "GROUP BY friend_email HAVING count(*) > 1) AS twice"
        )
        assert doubled == 0
        assert is_sound(one)


def test_a_referrer_may_be_deleted_while_the_friend_buys(database_url: str) -> None:
    with (
        opened(database_url, definition=REFERRING) as one,
        opened(database_url, is_new=False) as two,
    ):
        code = code_of(one, "ann")
        joins = EnrollMember(member_id="ben", email_address=EMAIL, referral_code=code)
        assert isinstance(one.do(joins), Done)
        buys = [
            RecordOrder(order_id=f"o-{number}", member_id="ben", order_subtotal=1)
            for number in range(6)
        ]
        outcomes = race([two, one], [*buys[:3], DeleteMembers(member_ids=("ann",)), *buys[3:]])
        assert kinds(outcomes) == {"Done": 7, "order.already_recorded": 6, "member.not_found": 1}
        assert paid(one) <= 1
        assert is_sound(one)


def buy_in_a_process(url: str, code: str, number: int) -> None:
    with opened(url, is_new=False) as shop:
        for order in range(5):
            friend = f"friend-{order}"
            email = f"{friend}@friends.example"
            shop.do(ClaimReferral(referral_code=code, email_address=email))
            shop.do(EnrollMember(member_id=friend, email_address=email))
            shop.do(RecordOrder(order_id=f"o-{number}-{order}", member_id=friend, order_subtotal=5))


def test_two_processes_pay_each_friend_once(database_url: str) -> None:
    with opened(database_url, definition=REFERRING) as shop:
        code = code_of(shop, "ann")
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=buy_in_a_process, args=(database_url, code, number))
        for number in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    with opened(database_url, is_new=False) as shop:
        assert paid(shop) == 5
        assert shop.count("customer_order") == 10
        assert is_sound(shop)


class Interrupted(Programs):
    """Definitions, before whose first reading by a batch something else happens once."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] | None = None

    def program(self, unit: Unit, program_id: ProgramId, version: int) -> Program:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().program(unit, program_id, version)


def test_a_friend_bound_between_the_opening_and_the_locks_is_served(postgres_url: str) -> None:
    programs = Interrupted()
    with opened(postgres_url, definition=REFERRING) as one:
        code = code_of(one, "ann")
        assert isinstance(one.do(EnrollMember(member_id="ben", email_address=EMAIL)), Done)
        engine = Engine(one.backend, programs=programs, clock=one.clock)
        engine.start()
        try:
            claim = ClaimReferral(referral_code=code, email_address=EMAIL)
            programs.meanwhile = lambda: assert_done(one.do(claim))
            order = RecordOrder(order_id="o-1", member_id="ben", order_subtotal=5)
            assert_done(engine.submit(one.submission(order)).result(WAIT_SECONDS))
            assert engine.metrics.retries == 1
        finally:
            engine.stop()
        assert paid(one) == 1
        assert is_sound(one)


def assert_done(outcome: Outcome) -> None:
    assert isinstance(outcome, Done), outcome
