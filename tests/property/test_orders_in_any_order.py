"""In whatever order a shop tells of an order, the member ends with what the sensible order gives.

Shapes: what comes before the order itself is refused as unknown, and sent again later, as the
queues of shops do. Returns are requests of their own and are sent once.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from stampbook.commands import Command
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.return_order import ReturnOrder
from stampbook.commands.update_order import UpdateOrder
from stampbook.core.definition import Approval, Condition, Orders, Rule, Tiers
from stampbook.core.refusals import Refused
from stampbook.nouns.reward import Reward
from tests.core.shop import ADA, GIFT, LEVELS, PURCHASE, Shop, at
from tests.property.invariants import check

TICKET = Reward(id="ticket", name="Ticket", sub_type="fixed_amount", points=40, value=4)
BIG = Rule(
    name="big basket",
    effect="add",
    value=25,
    conditions=(Condition(attribute="transaction.order_subtotal", operator="at_least", value=50),),
)
MANUAL = Approval(method="manual")
SAID_FROM = at("2026-01-10 08:00")
"""The shop says one thing a minute."""


class Play(Struct, frozen=True):
    """A program, and an order in one of its currencies."""

    orders: Orders
    is_moderated: bool
    clawback: str
    currency: str
    has_coupon: bool


@st.composite
def plays(draw: st.DrawFn) -> Play:
    return Play(
        orders=Orders(
            earn_when=draw(st.sampled_from(((), ("paid",), ("delivered",), ("paid", "delivered")))),
            restore_coupon=draw(st.sampled_from(("never", "cancelled", "refunded"))),
            restore_as=draw(st.sampled_from(("coupon", "points"))),
            rates={"JPY": 0.0173, "BHD": 2.651},
        ),
        is_moderated=draw(st.booleans()),
        clawback=draw(st.sampled_from(("only_available", "allow_debt", "refuse"))),
        currency=draw(st.sampled_from(("USD", "JPY", "BHD"))),
        has_coupon=draw(st.booleans()),
    )


def open_shop(play: Play) -> tuple[Shop, str | None]:
    """Open a shop where Ada may have a coupon that she bought."""
    shop = Shop(rewards=(TICKET,), clawback=play.clawback)
    purchase = replace(PURCHASE, rules=(BIG,))
    if play.is_moderated:
        purchase = replace(purchase, approval=MANUAL)
    shop.redefine(
        replace(
            shop.state.program.definition,
            orders=play.orders,
            tiers=Tiers(levels=LEVELS, basis="spend"),
            activities=(GIFT, purchase),
        )
    )
    if not play.has_coupon:
        return shop, None
    shop.award()
    return shop, shop.redeem("ticket").transaction.coupon_code


def told_by(play: Play, coupon_code: str | None, wanted: Sequence[str]) -> list[Command]:
    """Give what is told of the order, in the sensible order; each with its time at the shop."""
    subtotal, total = (6000, 6900) if play.currency == "JPY" else ("60.00", "69.00")
    share = 100 if play.currency == "JPY" else 1
    fields: dict[str, dict[str, Any]] = {
        "pay": {"financial_status": "paid"},
        "deliver": {"delivery_status": "delivered"},
        "refund some": {"financial_status": "partially_refunded", "refunded": 13 * share},
        "refund more": {"refunded": 31 * share},
        "refund all": {"financial_status": "refunded"},
        "cancel": {"status": "cancelled"},
    }
    told: list[Command] = [
        RecordOrder(
            order_id="o-1",
            member_id=ADA,
            order_subtotal=subtotal,
            order_total=total,
            currency=play.currency,
            coupon_code=coupon_code,
            status="open",
            updated_at=SAID_FROM,
        )
    ]
    for minute, (name, said) in enumerate(fields.items(), start=1):
        if name in wanted:
            said_at = SAID_FROM + timedelta(minutes=minute)
            told.append(UpdateOrder(order_id="o-1", updated_at=said_at, **said))
        if name == "refund some" and "return" in wanted:
            told.append(ReturnOrder(order_id="o-1", returned_amount=11 * share))
    return told


def tell(shop: Shop, told: Sequence[Command]) -> bool:
    """Tell it all, and what was too early again; gives whether a return was refused."""
    early: list[Command] = []
    too_late = False
    for command in told:
        result = shop.run(command)
        check(shop)
        if isinstance(result, Refused):
            if result.code == "order.not_found":
                early.append(command)
                continue
            assert shop.facts() == ["points.refused"], "the refusal is stored"
            too_late = too_late or isinstance(command, ReturnOrder)
    if early:
        assert len(early) < len(told)
        return tell(shop, early) or too_late
    return too_late


def ending(shop: Shop, coupon_code: str | None) -> dict[str, Any]:
    """Give what a member has in the end, and what the shop's own words of the order are."""
    member, order = shop.member(), shop.look().order("o-1")
    coupon = shop.look().coupon(coupon_code) if coupon_code else None
    assert order is not None
    tier = member.tier
    return {
        "available": member.balances.available,
        "pending": member.balances.pending,
        "debt": member.balances.debt,
        "qualified": (tier.qualified_points, tier.qualified_spend) if tier else (0, 0),
        "bought": (member.number_of_purchases, member.revenue, member.aov),
        "coupon": coupon and coupon.status,
        "said": (order.status, order.financial_status, order.delivery_status),
        "refunded": order.refunded,
        "rewarded": (order.coins_spent, order.coins_rewarded, order.is_rewarded),
    }


def came_back(shop: Shop) -> tuple[float, bool]:
    order = shop.look().order("o-1")
    assert order is not None
    return order.returned_amount, order.returned_in_full


STEPS = ("pay", "deliver", "refund some", "return", "refund more", "refund all", "cancel")


@given(plays(), st.sets(st.sampled_from(STEPS)), st.data())
def test_any_order_ends_like_the_sensible_one(
    play: Play, wanted: set[str], data: st.DataObject
) -> None:
    shop, code = open_shop(play)
    tell(shop, told_by(play, code, sorted(wanted)))
    sensible, returned = ending(shop, code), came_back(shop)

    shop, code = open_shop(play)
    told = told_by(play, code, sorted(wanted))
    again = data.draw(st.lists(st.sampled_from(told).filter(lambda one: not is_return(one))))
    shuffled = data.draw(st.permutations([*told, *again]))
    too_late = tell(shop, shuffled)
    assert ending(shop, code) == sensible
    assert too_late or came_back(shop) == returned

    for command in told:
        if isinstance(command, UpdateOrder):
            shop.run(command)
            assert shop.facts() == [], "told before, it is no news"


def is_return(command: Command) -> bool:
    return isinstance(command, ReturnOrder)
