"""A simulation ends where really running the changed program ends, point for point."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from stampbook.clockwork.advance import AdvanceReport, advance
from stampbook.commands.approve_points import ApprovePoints
from stampbook.commands.award_points import AwardPoints, PointsAwarded
from stampbook.commands.cancel_coupon import CancelCoupon
from stampbook.commands.deduct_points import DeductPoints
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.override_tier import OverrideTier
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.redeem_reward import RedeemReward, RewardRedeemed
from stampbook.commands.reject_points import RejectPoints
from stampbook.commands.return_order import ReturnOrder
from stampbook.commands.update_member import UpdateMember
from stampbook.commands.update_order import UpdateOrder
from stampbook.core.definition import Condition, Definition
from stampbook.core.returns import ReturnedProduct
from stampbook.demo.purchases import Purchase, by_day, purchases
from stampbook.engine.submission import Done
from stampbook.nouns.campaign import Audience, Campaign, Promotion
from stampbook.nouns.lot import Approver
from stampbook.nouns.member import Balances, Member
from stampbook.nouns.order import Product
from stampbook.program.parse import parse
from stampbook.simulation.comparison import Report, valued
from stampbook.simulation.run import groups, prepare
from stampbook.simulation.workers import simulate_all
from stampbook.store.migrate import migrate
from stampbook.store.programs import Programs
from stampbook.values.instants import Instant, to_ms
from stampbook.values.json import decode
from tests.engine.shop import PROGRAM, Shop, opened

APPAREL = Path(__file__).parents[2] / "examples" / "apparel.toml"
OPENING = datetime(1997, 1, 1, tzinfo=UTC)
CLOSING = datetime(1998, 9, 1, tzinfo=UTC)
CUSTOMERS = 40
CANCELLING: set[str] = set()
"""The customers who cancel what they redeem."""

MODERATOR = Approver(id="m-1", name="Mona")


def apparel(multiplier: int) -> Definition:
    """Give the program of the example with another multiplier for purchases."""
    definition = parse(APPAREL.read_text())
    assert isinstance(definition, Definition), definition
    activities = tuple(
        replace(one, computation=replace(one.computation, multiplier=multiplier))
        if one.id == "made_a_purchase"
        else one
        for one in definition.activities
    )
    return replace(definition, activities=activities)


def some_purchases() -> list[Purchase]:
    bought = purchases(everybody=False)
    customers = sorted({one.customer for one in bought})[:CUSTOMERS]
    return [one for one in bought if one.customer in customers]


def order_of(purchase: Purchase) -> RecordOrder:
    each = round(float(purchase.amount) / purchase.quantity, 2)
    return RecordOrder(
        order_id=purchase.order_id,
        member_id=purchase.customer,
        order_subtotal=purchase.amount,
        tags=("web", "record"),
        attributes={"channel": "web"},
        products=(
            Product(
                product_id="cd",
                product_price=each,
                product_quantity=purchase.quantity,
                product_category="tops",
            ),
        ),
    )


def live(shop: Shop) -> None:
    """Live eighteen months of purchases, and of what else members and moderators do."""
    pick, known = Random(7), set[str]()
    for day, bought in by_day(some_purchases()):
        move(shop, datetime.combine(day, time(10), UTC))
        for purchase in bought:
            if purchase.customer not in known:
                known.add(purchase.customer)
                email = f"{purchase.customer}@example.org"
                shop.do(EnrollMember(member_id=purchase.customer, email_address=email))
            outcome = shop.do(order_of(purchase))
            assert isinstance(outcome, Done), outcome
            pick.choice(WHAT_ELSE)(shop, purchase, pick)
    move(shop, CLOSING)


def move(shop: Shop, to: Instant) -> None:
    assert isinstance(advance(shop.engine, PROGRAM, to, cause="clock"), AdvanceReport)


def _nothing(shop: Shop, purchase: Purchase, pick: Random) -> None:
    del shop, purchase, pick


def _return(shop: Shop, purchase: Purchase, pick: Random) -> None:
    shop.do(
        pick.choice(
            [
                ReturnOrder(order_id=purchase.order_id),
                ReturnOrder(order_id=purchase.order_id, returned_amount="3.50"),
                ReturnOrder(
                    order_id=purchase.order_id,
                    returned_products=(ReturnedProduct(product_id="cd"),),
                ),
            ]
        )
    )


def _review(shop: Shop, purchase: Purchase, pick: Random) -> None:
    resolve = pick.choice([ApprovePoints, RejectPoints])
    award = shop.do(AwardPoints(member_id=purchase.customer, activity_id="review"))
    if isinstance(award, Done):
        found = decode(award.result, PointsAwarded).transaction
        shop.do(resolve(transaction_ids=(found.id,), approver=MODERATOR))


def _redeem(shop: Shop, purchase: Purchase, pick: Random) -> None:
    rewards = [one.id for one in apparel(2).rewards if one.coupon != "pool"]
    reward = pick.choice(rewards)
    redeemed = shop.do(RedeemReward(member_id=purchase.customer, reward_id=reward))
    # whether a redemption that was refused would have been cancelled later, nobody can know
    if isinstance(redeemed, Done) and purchase.customer in CANCELLING:
        coupon = decode(redeemed.result, RewardRedeemed).coupon
        if coupon is not None:
            shop.do(CancelCoupon(code=coupon.code))


def _deduct(shop: Shop, purchase: Purchase, pick: Random) -> None:
    shop.do(DeductPoints(member_id=purchase.customer, points=pick.randrange(1, 9)))


def _change(shop: Shop, purchase: Purchase, pick: Random) -> None:
    shop.do(UpdateMember(member_id=purchase.customer, tags=(pick.choice(["staff", "vip"]),)))


def _promote(shop: Shop, purchase: Purchase, pick: Random) -> None:
    tier = pick.choice(["cotton", "linen", "wool"])
    shop.do(OverrideTier(member_id=purchase.customer, tier_id=tier))


WHAT_ELSE: tuple[Callable[[Shop, Purchase, Random], None], ...] = (
    _nothing, _nothing, _return, _review, _redeem, _deduct, _change, _promote,
)  # fmt: skip


@contextmanager
def running(url: str, definition: Definition) -> Generator[Shop]:
    with opened(url, definition=definition, test_clock_ms=to_ms(OPENING)) as shop:
        live(shop)
        yield shop


def sums(shop: Shop) -> tuple[Balances, dict[str, int], int]:
    """Give all members' balances together, how many have each tier, and how many members."""
    members = [decode(body, Member) for (body,) in shop.rows("SELECT body FROM member")]
    totals = {
        name: sum(getattr(member.balances, name) for member in members)
        for name in Balances.__struct_fields__
    }
    tiers: dict[str, int] = {}
    for member in members:
        assert member.tier is not None
        tiers[member.tier.tier_id] = tiers.get(member.tier.tier_id, 0) + 1
    return Balances(**totals), tiers, len(members)


def simulated(shop: Shop, url: str, changed: Definition, since: Instant | None) -> Report:
    with shop.backend.read() as unit:
        simulation = prepare(unit, Programs(), PROGRAM, changed, since=since, until=CLOSING)
        members = groups(unit, PROGRAM)
    return simulate_all(url, simulation, members, lambda _: None)


def test_the_totals_are_those_of_really_running_the_changed_program(
    database_url: str, tmp_path: Path
) -> None:
    before, after = apparel(2), apparel(3)
    with running(database_url, before) as shop:
        report = simulated(shop, database_url, after, since=None)
        now, _, number = sums(shop)
        untouched = shop.dump()
        simulated(shop, database_url, after, since=OPENING + timedelta(days=200))
        assert shop.dump() == untouched
    other = f"sqlite:///{tmp_path / 'changed.db'}"
    migrate(other)
    with running(other, after) as shop:
        then, _, _ = sums(shop)
    assert report.unlike_the_ledger == 0
    assert report.members == number
    assert report.before.balances == now
    assert report.after.balances == then
    assert report.gaining > CUSTOMERS / 2
    assert not report.losing
    assert all(one.because for one in report.biggest if one.change)
    assert valued(report, before, after).after.liability > 0


def test_what_really_happened_is_replayed_to_the_point(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = {one.customer for one in some_purchases()}
    monkeypatch.setattr(sys.modules[__name__], "CANCELLING", everybody)
    with running(database_url, apparel(6)) as shop:
        report = simulated(shop, database_url, apparel(6), since=None)
        now, tiers, number = sums(shop)
        cancelled = shop.rows("SELECT count(*) FROM coupon WHERE status = 'cancelled'")[0][0]
    assert cancelled > 1
    assert report.before.balances == report.after.balances == now
    assert (report.members, report.unlike_the_ledger, report.tier_moves) == (number, 0, ())
    assert len(tiers) > 1


def test_nothing_changes_before_its_day(sqlite_url: str) -> None:
    with running(sqlite_url, apparel(2)) as shop:
        half_way = OPENING + timedelta(days=120)
        never = simulated(shop, sqlite_url, apparel(3), since=CLOSING)
        late = simulated(shop, sqlite_url, apparel(3), since=half_way)
        always = simulated(shop, sqlite_url, apparel(3), since=None)
        same = simulated(shop, sqlite_url, apparel(2), since=None)
    assert never.before.balances == never.after.balances
    assert same.before.balances == same.after.balances
    assert (same.gaining, same.losing, same.biggest, same.tier_moves) == (0, 0, (), ())
    assert always.before.balances.issued < late.after.balances.issued
    assert late.after.balances.issued < always.after.balances.issued


def test_a_campaign_that_never_was_is_played(sqlite_url: str) -> None:
    campaign = Campaign(
        id="spring",
        name="Spring",
        entry=Audience(
            conditions=(
                Condition(attribute="member.number_of_purchases", operator="at_least", value=2),
            )
        ),
        promotion=Promotion(kind="multiplier", multiplier=2),
    )
    before = apparel(2)
    after = replace(before, campaigns=(*before.campaigns, campaign))
    with running(sqlite_url, before) as shop:
        report = simulated(shop, sqlite_url, after, since=None)
    other = sqlite_url.replace("stampbook.db", "changed.db")
    migrate(other)
    with running(other, after) as shop:
        then, _, _ = sums(shop)
    assert report.unlike_the_ledger == 0
    assert report.after.balances == then
    assert report.after.balances.issued > report.before.balances.issued


def test_it_is_the_same_by_several_processes(sqlite_url: str) -> None:
    with running(sqlite_url, apparel(2)) as shop, shop.backend.read() as unit:
        simulation = prepare(unit, Programs(), PROGRAM, apparel(1), since=None, until=CLOSING)
        members = [(member,) for group in groups(unit, PROGRAM) for member in group]
        done: list[int] = []
        alone = simulate_all(sqlite_url, simulation, members[:4], done.append)
        assert done == [1] * 4
        both = simulate_all(sqlite_url, simulation, members[:8], done.append, processes=2)
        rest = simulate_all(sqlite_url, simulation, members[4:8], done.append, processes=1)
    assert both.after.balances.issued == (alone.after.balances.issued + rest.after.balances.issued)
    assert both.losing == alone.losing + rest.losing


def test_a_member_who_is_deleted_meanwhile_is_left_out(sqlite_url: str) -> None:
    changed = apparel(3)
    with opened(sqlite_url, definition=apparel(2), test_clock_ms=to_ms(OPENING)) as shop:
        for key in ("ada", "ben"):
            assert isinstance(shop.do(EnrollMember(member_id=key)), Done)
            order = RecordOrder(order_id=f"of-{key}", member_id=key, order_subtotal=50)
            assert isinstance(shop.do(order), Done)
            assert isinstance(shop.do(UpdateOrder(order_id=f"of-{key}", tags=("gift",))), Done)
        with shop.backend.read() as unit:
            simulation = prepare(unit, Programs(), PROGRAM, changed, since=None, until=CLOSING)
            members = groups(unit, PROGRAM)
        assert isinstance(shop.do(DeleteMembers(member_ids=("ben",))), Done)
        report = simulate_all(sqlite_url, simulation, members, lambda _: None)
    assert report.members == 1
