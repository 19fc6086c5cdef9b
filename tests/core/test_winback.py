"""Winback: who was away is offered a bonus, once for each time away, and paid it in time."""

from typing import Any

from msgspec.structs import replace

from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.update_member import UpdateMember
from stampbook.core.definition import Approval, Cap
from stampbook.core.growth import Reminders, Winback
from stampbook.facts import Fact
from stampbook.facts.winback.offered import WinbackOffered
from stampbook.nouns.winback import WinbackOffer
from tests.core.shop import ADA, GIFT, Shop, at, gift

BONUS = gift("bonus")
WINBACK = Winback(
    after_days=60, activity="purchase", bonus_activity="bonus", bonus_points=25, valid_days=10
)


def shop_with(*activities: Any, **changes: Any) -> Shop:
    """A shop that offers a bonus for a purchase to who was away for sixty days."""
    shop = Shop(BONUS, *activities)
    return offering(shop, **changes)


def offering(shop: Shop, **changes: Any) -> Shop:
    definition = replace(
        shop.state.program.definition,
        winback=replace(WINBACK, **changes),
        reminders=Reminders(expiring_days=()),
    )
    shop.redefine(definition)
    return shop


def offers(shop: Shop) -> list[Fact]:
    shop.sweep()
    return [fact for fact in shop.everything.facts if isinstance(fact.data, WinbackOffered)]


def open_offer(shop: Shop) -> WinbackOffer | None:
    return shop.settled(ADA).agenda.offer


def test_who_was_away_is_offered_a_bonus_once() -> None:
    shop = shop_with()
    shop.travel("2026-03-11 08:59")
    assert not offers(shop)
    shop.travel("2026-03-12 00:00")
    [offered] = offers(shop)
    assert offered.occurred_at == at("2026-03-11 09:00")
    assert isinstance(offered.data, WinbackOffered)
    offer = offered.data.offer
    assert (offer.bonus_points, offer.valid_till) == (25, at("2026-03-21 09:00"))
    assert offer.activity.activity.id == "purchase"
    assert len(offer.activity.id) == 24
    assert open_offer(shop) == offer
    shop.travel("2027-03-12 00:00")
    assert offers(shop) == [offered]
    assert open_offer(shop) is None


def test_the_activity_in_time_pays_the_bonus_once() -> None:
    shop = shop_with()
    shop.travel("2026-03-21 08:59")
    shop.order("o-1", 10)
    assert shop.facts().count("points.earned") == 2
    assert shop.balances.available == 35
    [bonus] = [one for one in shop.state.transactions.values() if one.activity_id == "bonus"]
    assert (bonus.points, bonus.attributes["reason"]) == (25, "winback")
    assert bonus.attributes["tags"] == ["winback"]
    assert open_offer(shop) is None
    shop.order("o-2", 10)
    assert shop.balances.available == 45


def test_at_its_end_an_offer_is_over() -> None:
    shop = shop_with()
    shop.travel("2026-03-21 09:00")
    shop.order("o-1", 10)
    assert shop.balances.available == 10
    assert len(offers(shop)) == 1


def test_an_order_of_before_the_offer_does_not_answer_it() -> None:
    shop = shop_with()
    shop.travel("2026-03-15 00:00")
    shop.do(
        RecordOrder(
            order_id="o-1", member_id=ADA, order_subtotal=10, ordered_at=at("2026-01-01 00:00")
        )
    )
    assert shop.balances.available == 10
    assert open_offer(shop) is not None
    shop.order("o-2", 10)
    assert shop.balances.available == 10 + 10 + 25


def test_another_activity_leaves_the_offer_open() -> None:
    shop = shop_with()
    shop.travel("2026-03-15 00:00")
    shop.award(10)
    assert open_offer(shop) is not None
    shop.order("o-1", 5)
    assert shop.balances.available == 10 + 5 + 25


def test_a_new_time_away_brings_a_new_offer() -> None:
    shop = shop_with()
    shop.travel("2026-03-12 00:00")
    shop.order("o-1", 10)
    shop.travel("2026-12-01 00:00")
    assert [fact.occurred_at for fact in offers(shop)] == [
        at("2026-03-11 09:00"),
        at("2026-05-11 00:00"),
    ]


def test_an_offer_that_is_open_puts_off_the_next() -> None:
    shop = shop_with(after_days=5, valid_days=30)
    shop.travel("2026-01-16 00:00")
    shop.award(10)  # another activity: a new time away begins, and is over on the 21st
    shop.travel("2026-12-01 00:00")
    assert [fact.occurred_at for fact in offers(shop)] == [
        at("2026-01-15 09:00"),
        at("2026-02-14 09:00"),
    ]


def test_an_order_that_earns_nothing_is_a_purchase_all_the_same() -> None:
    shop = shop_with()
    shop.travel("2026-03-12 00:00")
    shop.order("o-1", 0)
    assert shop.balances.available == 25


def test_a_request_that_is_refused_is_no_activity() -> None:
    shop = shop_with(gift("visit", caps=(Cap(per="lifetime", times=1),)), activity="visit")
    shop.award(10, "visit")
    shop.travel("2026-03-12 00:00")
    assert shop.refusal(AwardPoints(member_id=ADA, activity_id="visit")) == "activity.cap_reached"
    assert open_offer(shop) is not None
    assert shop.balances.available == 10


def test_a_bonus_may_wait_like_any_award() -> None:
    shop = Shop(gift("bonus", approval=Approval(method="manual")))
    offering(shop)
    shop.travel("2026-03-12 00:00")
    shop.order("o-1", 10)
    assert (shop.balances.available, shop.balances.pending) == (10, 25)


def test_a_bonus_that_is_refused_is_told_and_the_purchase_stands() -> None:
    shop = Shop(gift("bonus", is_active=False))
    offering(shop)
    shop.travel("2026-03-12 00:00")
    shop.order("o-1", 10)
    assert shop.balances.available == 10
    assert "points.refused" in shop.facts()
    assert open_offer(shop) is None


def test_the_bonus_is_what_was_offered() -> None:
    shop = shop_with()
    shop.travel("2026-03-12 00:00")
    shop.sweep()
    offering(shop, bonus_points=1, activity="gift")
    shop.order("o-1", 10)
    assert shop.balances.available == 35


def test_nobody_offers_the_blocked_anything_until_they_are_back() -> None:
    shop = shop_with()
    shop.do(UpdateMember(member_id=ADA, status="blocked"))
    shop.travel("2026-06-01 00:00")
    assert not offers(shop)
    shop.do(UpdateMember(member_id=ADA, status="active"))
    shop.travel("2026-06-02 00:00")
    [offered] = offers(shop)
    assert offered.occurred_at == at("2026-06-01 00:00")


def test_a_new_setting_offers_to_those_who_are_away_already() -> None:
    shop = Shop(BONUS)
    shop.do(EnrollMember(member_id="ben"))
    shop.travel("2027-01-10 12:00")
    offering(shop)
    shop.travel("2027-01-11 12:00")
    assert [fact.occurred_at for fact in offers(shop)] == [at("2027-01-10 12:00")] * 2
    offer = open_offer(shop)
    assert offer is not None
    assert offer.valid_till == at("2027-01-20 12:00")


def test_ids_of_activities_stay_the_same() -> None:
    shop = shop_with()
    shop.travel("2026-03-12 00:00")
    shop.order("o-1", 10)
    shop.redefine(
        replace(
            shop.state.program.definition,
            activities=tuple(
                replace(one, name="Bought") if one.id == "purchase" else one
                for one in (GIFT, *shop.state.program.definition.activities[1:])
            ),
        )
    )
    shop.travel("2026-12-01 00:00")
    first, second = (fact.data for fact in offers(shop))
    assert isinstance(first, WinbackOffered)
    assert isinstance(second, WinbackOffered)
    assert first.offer.activity.id == second.offer.activity.id
    assert first.offer.id != second.offer.id
