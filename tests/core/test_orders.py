"""Orders: recorded once, counted into what a member has bought, updated when something is new."""

from typing import Any

import pytest
from msgspec.structs import replace

from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.update_order import UpdateOrder
from stampbook.core.definition import Period, Tiers
from tests.core.shop import LEVELS, Shop, at


def order(**fields: Any) -> RecordOrder:
    """Give an order of Ada's."""
    return replace(RecordOrder(order_id="o-1", member_id="ada", order_subtotal=10), **fields)


def test_an_order_counts_into_revenue_and_average() -> None:
    shop = Shop()
    shop.order("o-1", "10.00")
    shop.travel("2026-01-11 09:00")
    shop.order("o-2", 25)
    member = shop.member()
    assert (member.number_of_purchases, member.revenue, member.aov) == (2, 35, 17.5)
    assert member.first_purchase_at == at("2026-01-10 09:00")
    assert member.last_purchase_at == at("2026-01-11 09:00")


def test_a_return_is_taken_out_of_revenue_and_the_purchase_stays_counted() -> None:
    shop = Shop()
    shop.order("o-1", 30)
    shop.give_back("o-1", 10)
    assert (shop.member().number_of_purchases, shop.member().revenue) == (1, 20)


def test_amounts_stay_as_they_were_sent() -> None:
    shop = Shop()
    recorded = shop.do(order(order_subtotal="10.50", order_total=12, attributes={"channel": "app"}))
    assert recorded.order.attributes == {
        "channel": "app",
        "order_id": "o-1",
        "order_subtotal": "10.50",
        "order_total": 12,
    }
    assert (recorded.order.subtotal, recorded.order.total) == (10.5, 12)
    assert recorded.transaction.points == 10


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"order_subtotal": -1}, "order.amount_invalid"),
        ({"order_subtotal": 1, "order_total": "-0.01"}, "order.amount_invalid"),
        ({"order_subtotal": float("inf")}, "order.amount_invalid"),
        ({"currency": "EUR"}, "order.currency_unknown"),
        ({"ordered_at": at("2026-01-10 09:00:00.001")}, "instant.in_future"),
        ({"member_id": "nobody", "order_subtotal": -1}, "order.amount_invalid"),
    ],
)
def test_an_order_that_cannot_be_valued_is_refused(fields: dict[str, Any], code: str) -> None:
    shop = Shop()
    assert shop.refusal(order(**fields)) == code
    assert "nobody" not in shop.state.keys
    shop.do(order())


def test_an_order_of_the_past_earns_now() -> None:
    shop = Shop()
    recorded = shop.do(order(ordered_at=at("2025-12-24 18:00")))
    assert recorded.order.created_at == at("2025-12-24 18:00")
    assert recorded.transaction.created_at == at("2026-01-10 09:00")


def test_an_order_that_is_worth_nothing_is_recorded_without_a_refusal() -> None:
    shop = Shop()
    recorded = shop.order("o-1", "0.99")
    assert recorded.transaction is None
    assert recorded.refused
    assert recorded.refused.code == "points.nothing_earned"
    assert shop.facts() == ["order.recorded"]


def test_an_update_says_what_changed_and_only_if_something_did() -> None:
    shop = Shop()
    shop.do(order(status="placed"))
    command = UpdateOrder(order_id="o-1", status="shipped", delivery_status="on its way")
    assert shop.do(command).changed == ("delivery_status", "status")
    assert shop.facts() == ["order.updated"]
    assert shop.do(command).changed == ()
    assert shop.facts() == []
    assert shop.refusal(UpdateOrder(order_id="o-2", status="shipped")) == "order.not_found"


def test_a_member_of_old_enrols_with_the_day_they_joined() -> None:
    tiers = Tiers(levels=LEVELS, period=Period(kind="anniversary"))
    shop = Shop(tiers=tiers)
    command = EnrollMember(member_id="ben", enrolled_at=at("2020-06-01 12:00"))
    standing = shop.do(command).member.tier
    assert standing.period_start == at("2025-06-01 00:00")
    assert standing.period_end == at("2026-06-01 00:00")
    tomorrow = EnrollMember(member_id="cy", enrolled_at=at("2026-01-11 09:00"))
    assert shop.refusal(tomorrow) == "instant.in_future"
