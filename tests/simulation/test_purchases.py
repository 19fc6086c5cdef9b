"""What the facts of an order say was asked, so that another program can be asked the same."""

from typing import Any

import pytest
from msgspec.structs import replace

from stampbook.commands.record_order import RecordOrder
from stampbook.commands.return_order import ReturnOrder
from stampbook.commands.update_order import UpdateOrder
from stampbook.core.definition import Orders
from stampbook.facts.order.updated import OrderUpdated
from stampbook.simulation.purchases import changes_of
from tests.core.shop import ADA, Shop


@pytest.mark.parametrize(
    "asked",
    [
        UpdateOrder(order_id="o-1", status="cancelled"),
        UpdateOrder(order_id="o-1", tags=("web", "vip")),
        UpdateOrder(order_id="o-1", financial_status="refunded"),
        UpdateOrder(order_id="o-1", delivery_status="sent", refunded=12),
        ReturnOrder(order_id="o-1", returned_amount=5),
        ReturnOrder(order_id="o-1"),
    ],
)
def test_a_change_of_an_order_says_what_was_asked(asked: Any) -> None:
    shop = Shop()
    orders = Orders(earn_when=("vip", "open"))
    shop.redefine(replace(shop.state.program.definition, orders=orders))
    order = RecordOrder(
        order_id="o-1", member_id=ADA, order_subtotal=30, tags=("web",), status="open"
    )
    before = shop.do(order).order
    shop.do(asked)
    (told,) = [one.data for one in shop.last.facts if isinstance(one.data, OrderUpdated)]
    (found,) = changes_of(before, told)
    assert found == asked
