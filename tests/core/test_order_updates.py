"""Orders that change: what must be so before they earn, and what paying, refunding and cancelling
do, once each and in whatever order the shop says it."""

from typing import Any

import pytest
from msgspec.structs import replace

from stampbook.commands.approve_points import ApprovePoints
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.return_order import ReturnOrder
from stampbook.commands.update_member import UpdateMember
from stampbook.commands.update_order import OrderUpdated, UpdateOrder
from stampbook.core.definition import Activity, Approval, Computation, Orders, Reminders, Tiers
from stampbook.core.returns import ReturnedProduct
from stampbook.facts.order.recorded import OrderRecorded
from stampbook.nouns.order import Order, Product
from tests.core.referring import ReferringShop
from tests.core.shop import ADA, GIFT, LEVELS, PURCHASE, Shop, at

AN_ORDER = RecordOrder(order_id="o-1", member_id=ADA, order_subtotal=30)
PAID = Orders(earn_when=("paid", "VIP"))


def shop_with(orders: Orders, purchase: Activity = PURCHASE, **changes: Any) -> Shop:
    """Open a shop with settings for its orders."""
    clawback = changes.pop("clawback", "only_available")
    shop = Shop(clawback=clawback)
    definition = replace(
        shop.state.program.definition, orders=orders, activities=(GIFT, purchase), **changes
    )
    shop.redefine(definition)
    return shop


def record(shop: Shop, **fields: Any) -> Any:
    """Record an order of Ada's of 30, unless its fields say otherwise."""
    return shop.do(replace(AN_ORDER, **fields))


def tell(shop: Shop, **fields: Any) -> OrderUpdated:
    """Tell what the shop says of the order."""
    return shop.do(UpdateOrder(order_id="o-1", **fields))


def order_of(shop: Shop) -> Order:
    order = shop.look().order("o-1")
    assert order is not None
    return order


@pytest.mark.parametrize("odd", ["foo", 5, [5], [{"sku": "mug"}]])
@pytest.mark.parametrize("name", ["products", "tags"])
def test_an_attribute_is_not_taken_for_the_list_of_its_name(name: str, odd: Any) -> None:
    shop = shop_with(PAID)
    record(shop, attributes={name: odd, "size": "L"}, currency="USD")
    tell(shop, refunded=10)
    tell(shop, financial_status="paid")
    assert order_of(shop).attributes["size"] == "L"
    assert shop.balances.available == 20
    unknown = ReturnOrder(order_id="o-1", returned_products=(ReturnedProduct(product_id="mug"),))
    assert shop.refusal(unknown) == "order.product_unknown"


# --- what must be so before an order earns


def test_an_order_that_is_not_paid_counts_for_nothing_until_it_is() -> None:
    shop = shop_with(PAID, tiers=Tiers(levels=LEVELS, basis="spend"))
    recorded = record(shop, financial_status="pending")
    assert (recorded.transaction, recorded.refused) == (None, None)
    assert recorded.order.is_waiting
    assert shop.facts() == ["order.recorded"]
    member = shop.member()
    assert (member.balances.available, member.number_of_purchases, member.revenue) == (0, 0, 0)
    shop.travel("2026-01-12 09:00")
    updated = tell(shop, financial_status="Paid")
    assert updated.changed == (
        "award_id",
        "coins_rewarded",
        "financial_status",
        "is_rewarded",
        "is_waiting",
    )
    assert updated.transaction is not None
    assert updated.transaction.created_at == at("2026-01-12 09:00")
    assert shop.facts() == ["order.updated", "points.earned"]
    member = shop.member()
    assert (member.balances.available, member.number_of_purchases, member.revenue) == (30, 1, 30)
    assert member.first_purchase_at == at("2026-01-10 09:00")
    assert shop.standing.qualified_spend == 3000


def test_an_order_earns_once_however_often_it_is_paid() -> None:
    shop = shop_with(PAID)
    record(shop, financial_status="paid")
    for status in ("paid", "pending", "paid"):
        tell(shop, financial_status=status)
    assert shop.balances.available == 30
    assert shop.balances.earned == 30


def test_a_tag_may_be_what_an_order_waits_for() -> None:
    shop = shop_with(PAID)
    record(shop, tags=("web",))
    assert tell(shop, tags=("web", "vip")).transaction is not None


def test_it_is_valued_by_the_rules_in_force_when_it_earns() -> None:
    shop = shop_with(PAID)
    record(shop)
    definition = shop.state.program.definition
    double = replace(PURCHASE, computation=replace(PURCHASE.computation, multiplier=2))
    shop.redefine(replace(definition, activities=(GIFT, double)))
    award = tell(shop, financial_status="paid").transaction
    assert award is not None
    assert (award.points, award.rule_version) == (60, shop.state.program.version)


def test_an_order_with_a_skipped_tag_counts_for_nothing() -> None:
    shop = shop_with(Orders(skip_tags=("Exchange",)))
    record(shop, tags=("exchange",))
    assert (shop.balances.available, shop.member().revenue) == (0, 0)


def test_an_order_of_somebody_blocked_meanwhile_earns_nothing() -> None:
    shop = shop_with(PAID)
    record(shop)
    shop.do(UpdateMember(member_id=ADA, status="blocked"))
    updated = tell(shop, financial_status="paid")
    assert updated.refused is not None
    assert updated.refused.code == "member.blocked"
    assert shop.facts() == ["order.updated", "points.refused"]
    shop.do(UpdateMember(member_id=ADA, status="active"))
    tell(shop, financial_status="pending")
    assert tell(shop, financial_status="paid").transaction is None
    assert shop.balances.available == 0


# --- cancelled


def test_a_cancelled_order_takes_back_all_that_it_gave() -> None:
    shop = shop_with(Orders(), tiers=Tiers(levels=LEVELS, basis="spend"))
    record(shop)
    updated = tell(shop, status="Cancelled")
    assert updated.transaction is not None
    assert (updated.transaction.kind, updated.transaction.points) == ("deduct", 30)
    assert updated.transaction.attributes["reason"] == "cancellation"
    member = shop.member()
    assert (member.balances.available, member.number_of_purchases, member.revenue) == (0, 0, 0)
    assert (shop.standing.qualified_spend, shop.standing.qualified_points) == (0, 0)
    assert order_of(shop).coins_rewarded == 0
    assert not order_of(shop).is_rewarded
    assert tell(shop, status="cancelled", financial_status="paid").transaction is None
    assert shop.balances.available == 0


def test_a_cancelled_order_stays_cancelled() -> None:
    shop = shop_with(PAID)
    record(shop, status="cancelled")
    assert tell(shop, status="open", financial_status="paid").transaction is None
    assert order_of(shop).status == "open"
    assert order_of(shop).cancelled_at is not None
    assert (shop.balances.available, shop.member().number_of_purchases) == (0, 0)


def test_a_pending_award_of_a_cancelled_order_is_rejected() -> None:
    shop = shop_with(Orders(), replace(PURCHASE, approval=Approval(method="manual")))
    award = record(shop).transaction
    assert order_of(shop).coins_rewarded == 30
    assert not order_of(shop).is_rewarded
    tell(shop, status="cancelled")
    assert shop.facts() == ["order.updated", "points.rejected"]
    assert (shop.balances.pending, shop.balances.rejected) == (0, 30)
    assert shop.refusal(ApprovePoints(transaction_ids=(award.id,))) == "transaction.not_pending"


def test_nothing_of_a_cancelled_order_can_come_back() -> None:
    shop = shop_with(Orders())
    record(shop)
    tell(shop, status="cancelled")
    assert shop.refusal(ReturnOrder(order_id="o-1", returned_amount=5)) == "order.cancelled"


# --- refunded


def test_a_refund_says_how_much_went_back_so_far() -> None:
    shop = shop_with(Orders())
    record(shop)
    assert tell(shop, refunded=10, financial_status="partially_refunded").transaction is not None
    assert shop.balances.available == 20
    tell(shop, refunded=25)
    assert shop.balances.available == 5
    assert tell(shop, refunded="10.00").changed == ()
    assert shop.facts() == []
    tell(shop, financial_status="refunded")
    assert shop.balances.available == 0
    order = order_of(shop)
    assert (order.returned_amount, order.refunded, order.returned_in_full) == (30, 25, True)
    assert (shop.member().revenue, shop.member().number_of_purchases) == (0, 1)


def test_a_refund_of_money_with_tax_is_a_share_of_the_subtotal() -> None:
    shop = shop_with(Orders())
    record(shop, order_subtotal=100, order_total=119)
    tell(shop, refunded="59.50")
    assert order_of(shop).returned_amount == 50
    assert shop.balances.available == 50


def test_an_order_that_cost_only_its_shipping_comes_back_with_all_its_money() -> None:
    fixed = replace(PURCHASE, computation=Computation(kind="fixed", points=10))
    shop = shop_with(Orders(), fixed)
    record(shop, order_subtotal=0, order_total=5)
    assert shop.balances.available == 10
    assert not tell(shop, refunded=4).order.returned_in_full
    assert tell(shop, refunded=5).order.returned_in_full
    assert shop.balances.available == 0


def test_an_order_that_cost_nothing_is_back_when_all_its_products_are() -> None:
    fixed = replace(PURCHASE, computation=Computation(kind="fixed", points=10))
    shop = shop_with(Orders(), fixed)
    shop.order("o-1", 0, Product(product_id="mug", product_quantity=2))
    assert not shop.give_back("o-1", mug=1).order.returned_in_full
    assert shop.balances.available == 10
    assert shop.give_back("o-1", mug=1).order.returned_in_full
    assert shop.balances.available == 0
    shop.order("o-2", 0, Product(product_id="mug", product_quantity=2))
    shop.give_back("o-2", mug=1)
    assert shop.give_back("o-2").order.returned_in_full


@pytest.mark.parametrize("first", ["return", "refund"])
def test_a_return_and_its_refund_count_once(first: str) -> None:
    shop = shop_with(Orders())
    record(shop)
    steps = [lambda: shop.give_back("o-1", 10), lambda: tell(shop, refunded=10)]
    for step in steps if first == "return" else reversed(steps):
        step()
    assert shop.balances.available == 20
    assert shop.member().revenue == 20
    shop.give_back("o-1", 5)
    tell(shop, refunded=15)
    assert shop.balances.available == 15


def test_what_came_back_before_an_order_earned_earns_nothing() -> None:
    shop = shop_with(PAID)
    record(shop)
    tell(shop, refunded=10)
    award = tell(shop, financial_status="paid").transaction
    assert award is not None
    assert award.points == 20
    assert shop.member().revenue == 20
    tell(shop, refunded=15)
    assert shop.balances.available == 15


def test_a_refund_that_the_balance_does_not_cover_may_be_refused() -> None:
    shop = shop_with(Orders(), clawback="refuse")
    record(shop)
    shop.deduct(20)
    command = UpdateOrder(order_id="o-1", status="cancelled")
    assert shop.refusal(command) == "points.insufficient"
    assert shop.facts() == ["points.refused"]
    assert order_of(shop).status is None
    shop.award(20)
    shop.do(command)
    assert shop.balances.available == 0


@pytest.mark.parametrize("refunded", [-1, float("nan"), "1e20", 10**14])
def test_a_refund_that_is_no_amount_is_refused(refunded: Any) -> None:
    shop = shop_with(Orders())
    record(shop)
    assert shop.refusal(UpdateOrder(order_id="o-1", refunded=refunded)) == "order.amount_invalid"


# --- the order in which the shop says it


def test_old_news_sets_no_field_that_newer_news_has_set_but_it_happened() -> None:
    shop = shop_with(PAID)
    record(shop, financial_status="pending", updated_at=at("2026-01-10 08:00"))
    tell(
        shop,
        financial_status="partially_refunded",
        refunded=10,
        updated_at=at("2026-01-10 08:30"),
    )
    assert shop.balances.available == 0
    tell(shop, financial_status="paid", updated_at=at("2026-01-10 08:10"))
    assert order_of(shop).financial_status == "partially_refunded"
    assert shop.balances.available == 20
    tell(shop, delivery_status="delivered", updated_at=at("2026-01-10 08:20"))
    assert order_of(shop).delivery_status == "delivered"


def test_old_news_sets_no_field_that_was_said_since_without_a_time() -> None:
    shop = shop_with(Orders())
    record(shop)
    tell(shop, status="delivered")
    tell(shop, status="processing", updated_at=at("2026-01-09 12:00"))
    assert order_of(shop).status == "delivered"
    tell(shop, status="returning", updated_at=at("2026-01-11 12:00"))
    assert order_of(shop).status == "returning"


def test_the_same_news_again_changes_nothing() -> None:
    shop = shop_with(Orders())
    record(shop)
    said = {"status": "shipped", "updated_at": at("2026-01-10 08:30")}
    assert tell(shop, **said).changed == ("status",)
    assert tell(shop, **said).changed == ()
    assert shop.facts() == []


# --- reviews


def test_a_fulfilled_order_asks_for_a_review_days_later_and_once() -> None:
    shop = shop_with(Orders(), reminders=Reminders(review_days=7))
    record(shop)
    tell(shop, delivery_status="Delivered")
    assert order_of(shop).review_at == at("2026-01-17 09:00")
    shop.travel("2026-01-12 09:00")
    tell(shop, delivery_status="shipped")
    tell(shop, delivery_status="delivered")
    assert order_of(shop).review_at == at("2026-01-17 09:00")
    tell(shop, status="cancelled")
    assert order_of(shop).review_at is None


def test_nobody_is_asked_for_a_review_of_what_was_bought_long_ago() -> None:
    shop = shop_with(Orders(), reminders=Reminders(review_days=7))
    record(shop, delivery_status="delivered", ordered_at=at("2025-06-01 09:00"))
    assert order_of(shop).review_at is None
    assert order_of(shop).fulfilled_at == at("2025-06-01 09:00")


# --- currencies

RATES = Orders(rates={"EUR": 1.1, "JPY": 0.0067, "BHD": 2.65})


@pytest.mark.parametrize(
    ("currency", "subtotal", "points"),
    [("USD", 30, 30), ("eur", 30, 33), ("JPY", 4500, 30), ("BHD", "11.321", 30), (None, 30, 30)],
)
def test_points_are_counted_in_the_currency_of_the_program(
    currency: str | None, subtotal: Any, points: int
) -> None:
    shop = shop_with(RATES, tiers=Tiers(levels=LEVELS, basis="spend"))
    recorded = record(shop, currency=currency, order_subtotal=subtotal)
    assert recorded.transaction.points == points
    assert recorded.transaction.attributes["order_subtotal"] == subtotal
    assert recorded.order.subtotal == float(subtotal)
    assert int(shop.member().revenue) == points
    assert shop.standing.qualified_spend // 100 == points
    shop.give_back("o-1")
    assert (shop.balances.available, shop.member().revenue) == (0, 0)
    assert shop.standing.qualified_spend == 0


def test_a_refund_is_converted_by_the_rate_of_the_day_of_the_order() -> None:
    shop = shop_with(RATES)
    record(shop, currency="EUR", order_subtotal=100)
    definition = shop.state.program.definition
    shop.redefine(replace(definition, orders=Orders(rates={"EUR": 5})))
    tell(shop, refunded=50)
    assert (shop.balances.available, shop.member().revenue) == (55, 55)


def test_an_order_in_a_currency_without_a_rate_is_refused() -> None:
    shop = shop_with(RATES)
    command = RecordOrder(order_id="o-1", member_id=ADA, order_subtotal=1, currency="GBP")
    assert shop.refusal(command) == "order.currency_unknown"


def test_who_brought_a_friend_is_paid_in_the_currency_of_the_program_too() -> None:
    shop = ReferringShop(thanks=replace(PURCHASE, id="referral", on="request"))
    shop.set(orders=RATES)
    shop.claim()
    shop.join()
    shop.buy(currency="JPY", order_subtotal=4500)
    assert shop.paid(ADA) == 30


def test_an_order_keeps_every_field_that_the_shop_sent() -> None:
    texts = {
        name: f"the {name}"
        for name in (
            "name", "source", "cart_token", "payment_source", "payment_medium", "utm_source",
            "utm_medium", "utm_campaign", "driven_by", "coupon_driven_by",
        )
    }  # fmt: skip
    shop = shop_with(Orders(link="https://shop.example/orders/{order_id}"))
    order = record(shop, discount="2.50", tax=4, **texts).order
    assert {name: getattr(order, name) for name in texts} == texts
    assert (order.discount, order.tax) == (2.5, 4)
    assert order.attributes["discount"] == "2.50"
    assert order.link == "https://shop.example/orders/o-1"
    assert (order.coins_rewarded, order.is_rewarded) == (30, True)
    told = shop.last.facts[0].data
    assert isinstance(told, OrderRecorded)
    assert told.order == order
