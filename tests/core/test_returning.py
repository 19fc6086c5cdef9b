"""Returns: what is clawed back is what was awarded less what the rest of the order is worth."""

from typing import Any

import pytest
from msgspec.structs import replace

from stampbook.commands.approve_points import ApprovePoints
from stampbook.commands.return_order import ReturnOrder
from stampbook.core.definition import Activity, Approval, Cap, Computation, Condition, Rule
from stampbook.core.returns import ReturnedProduct
from stampbook.nouns.order import Product
from tests.core.shop import PURCHASE, Shop

TEA = Product(product_id="tea", product_price=20, product_quantity=3)
CUP = Product(product_id="cup", product_price="10.00")
OVER_50 = Rule(
    name="over 50",
    effect="add",
    value=25,
    conditions=(Condition(attribute="transaction.order_subtotal", operator="at_least", value=50),),
)
HAS_CUP = Rule(
    name="has a cup",
    effect="multiply",
    value=2,
    conditions=(Condition(attribute="products.product_id", operator="equals", value="cup"),),
)


def shop_of(purchase: Activity, **settings: Any) -> Shop:
    """Give a shop whose orders earn by an activity."""
    shop = Shop(**settings)
    definition = shop.state.program.definition
    shop.redefine(replace(definition, activities=(purchase,)))
    return shop


def points(shop: Shop, order_id: str, amount: Any = None, **products: int) -> int:
    """Return something and give the points that it took."""
    returned = shop.give_back(order_id, amount, **products)
    return returned.transaction.points if returned.transaction else 0


def test_an_order_comes_back_in_full() -> None:
    shop = Shop()
    shop.order("o-1", 70)
    assert points(shop, "o-1") == 70
    assert shop.refusal(ReturnOrder(order_id="o-1")) == "order.already_returned"


def test_a_part_comes_back_and_then_the_rest() -> None:
    shop = Shop()
    shop.order("o-1", 70)
    assert points(shop, "o-1", 20) == 20
    assert points(shop, "o-1", "12.50") == 13
    assert points(shop, "o-1") == 37
    assert shop.balances.available == 0


def test_steps_take_what_one_return_takes() -> None:
    shop = shop_of(replace(PURCHASE, rules=(OVER_50, HAS_CUP)))
    shop.order("o-1", 70, TEA, CUP)
    steps = [points(shop, "o-1", cup=1), points(shop, "o-1", tea=1), points(shop, "o-1", tea=2)]
    assert steps == [80, 45, 40]
    assert shop.balances.available == 0


def test_the_rest_loses_the_points_of_a_rule_that_no_longer_holds() -> None:
    shop = shop_of(replace(PURCHASE, rules=(OVER_50,)))
    shop.order("o-1", 60)
    assert points(shop, "o-1", 10) == 10
    assert points(shop, "o-1", 10) == 35


def test_a_product_comes_back_by_its_quantity() -> None:
    shop = Shop()
    shop.order("o-1", 70, TEA, CUP)
    assert points(shop, "o-1", tea=2) == 40
    assert points(shop, "o-1", cup=1, tea=1) == 30


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"returned_amount": 71}, "order.return_too_large"),
        ({"returned_amount": 0}, "order.amount_invalid"),
        ({"returned_amount": "-1"}, "order.amount_invalid"),
        (
            {"returned_products": (ReturnedProduct(product_id="tea", quantity=4),)},
            "order.return_too_large",
        ),
        ({"returned_products": (ReturnedProduct(product_id="jam"),)}, "order.product_unknown"),
    ],
)
def test_no_more_comes_back_than_was_bought(asked: dict[str, Any], code: str) -> None:
    shop = Shop()
    shop.order("o-1", 70, TEA, CUP)
    assert shop.refusal(ReturnOrder(order_id="o-1", **asked)) == code
    assert shop.balances.available == 70


def test_quantities_that_came_back_before_are_counted() -> None:
    shop = Shop()
    shop.order("o-1", 70, TEA, CUP)
    points(shop, "o-1", tea=2)
    again = ReturnOrder(
        order_id="o-1", returned_products=(ReturnedProduct(product_id="tea", quantity=2),)
    )
    assert shop.refusal(again) == "order.return_too_large"


def test_all_products_of_a_discounted_order_can_come_back() -> None:
    shop = Shop()
    shop.order("o-1", 62, TEA, CUP)
    assert points(shop, "o-1", tea=3) == 60
    assert points(shop, "o-1", cup=1) == 2
    assert shop.state.orders["o-1"].returned_in_full


def test_the_rules_that_valued_an_order_value_its_return() -> None:
    shop = Shop()
    shop.order("o-1", 70)
    dearer = replace(PURCHASE, computation=Computation(kind="multiplier_based", multiplier=10))
    shop.redefine(replace(shop.state.program.definition, activities=(dearer,)))
    assert points(shop, "o-1", 30) == 30
    shop.order("o-2", 7)
    assert points(shop, "o-2") == 70


def test_an_award_that_a_cap_cut_is_taken_back_only_when_less_is_left() -> None:
    shop = shop_of(replace(PURCHASE, caps=(Cap(per="day", points=50),)))
    shop.order("o-1", 70)
    assert shop.balances.available == 50
    assert points(shop, "o-1", 20) == 0
    assert points(shop, "o-1", 20) == 20


def test_a_pending_award_is_rejected_and_a_smaller_one_waits_in_its_place() -> None:
    shop = shop_of(replace(PURCHASE, approval=Approval(method="manual")))
    first = shop.order("o-1", 70).transaction
    assert first
    returned = shop.give_back("o-1", 20)
    assert shop.facts() == ["order.updated", "points.rejected", "points.pended"]
    assert (shop.balances.pending, shop.balances.rejected) == (50, 70)
    waiting = returned.order.award_id
    assert waiting
    rejected = ApprovePoints(transaction_ids=(first.id,))
    assert shop.refusal(rejected) == "transaction.not_pending"
    shop.do(ApprovePoints(transaction_ids=(waiting,)))
    assert shop.balances.available == 50


def test_a_pending_award_of_an_order_that_comes_back_in_full_is_rejected() -> None:
    shop = shop_of(replace(PURCHASE, approval=Approval(method="manual")))
    shop.order("o-1", 70)
    shop.give_back("o-1")
    assert (shop.balances.pending, shop.balances.rejected) == (0, 70)
