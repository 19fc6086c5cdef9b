"""Campaigns: members enter and leave by what they are, after delays, and get what was promised."""

from typing import Any

import pytest
from msgspec.structs import replace

from stampbook.commands.deduct_points import DeductPoints
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.update_member import UpdateMember
from stampbook.core.definition import Campaign, Cap, Condition, CouponOffer
from stampbook.core.due import settle
from stampbook.core.rules.evaluate import evaluate
from stampbook.core.rules.explain import explain
from stampbook.core.rules.valuation import Valuation
from stampbook.facts.campaign.entered import CampaignEntered
from stampbook.facts.campaign.exited import CampaignExited
from stampbook.nouns.campaign import Audience, Promotion
from tests.core.shop import ADA, PURCHASE, Shop, at, gift

VIP = Audience(conditions=(Condition(attribute="member.tags", operator="equals", value="vip"),))
RICH = Audience(
    conditions=(Condition(attribute="member.available_points", operator="at_least", value=100),)
)


def campaign(name: str = "club", **fields: Any) -> Campaign:
    given: dict[str, Any] = {"id": name, "name": name.title(), "entry": VIP, **fields}
    return Campaign(**given)


class Campaigning(Shop):
    """A shop with campaigns that has just defined them."""

    def __init__(self, *campaigns: Campaign, **options: Any) -> None:
        super().__init__(gift("bonus"), **options)
        self.define(*campaigns)

    def define(self, *campaigns: Campaign) -> None:
        definition = self.state.program.definition
        coupon = CouponOffer(id="five", name="Five off", value=5)
        self.redefine(replace(definition, campaigns=campaigns, coupons=(coupon,)))

    def tag(self, *tags: str) -> None:
        self.do(UpdateMember(member_id=ADA, tags=tags))

    def steps(self) -> list[tuple[str, str, str]]:
        """Every entry and exit up to now, with its instant."""
        draft = self.look()
        book = draft.book_of(ADA)
        facts = list(self.everything.facts)
        if book is not None:
            settle(draft, book)
            facts += draft.changes.facts
        return [
            (
                f"{fact.occurred_at:%Y-%m-%d %H:%M}",
                fact.type.removeprefix("campaign."),
                fact.data.step.campaign.id,
            )
            for fact in facts
            if isinstance(fact.data, CampaignEntered | CampaignExited)
        ]


def test_whoever_meets_the_criteria_enters_at_once_and_leaves_when_they_no_longer_do() -> None:
    shop = Campaigning(campaign())
    assert shop.steps() == []
    shop.travel("2026-01-11 10:00")
    shop.tag("vip")
    assert shop.facts() == ["member.updated", "campaign.entered"]
    shop.travel("2026-01-12 10:00")
    shop.tag()
    assert shop.facts() == ["member.updated", "campaign.exited"]
    shop.tag("vip")
    assert shop.steps() == [
        ("2026-01-11 10:00", "entered", "club"),
        ("2026-01-12 10:00", "exited", "club"),
    ]


def test_one_that_may_be_entered_again_is() -> None:
    shop = Campaigning(campaign(again=True))
    for _ in range(2):
        shop.tag("vip")
        shop.tag()
    assert [kind for _, kind, _ in shop.steps()] == ["entered", "exited"] * 2


def test_an_entry_waits_for_its_delay_and_a_break_begins_it_anew() -> None:
    shop = Campaigning(campaign(entry_delay_days=3))
    shop.tag("vip")
    shop.travel("2026-01-12 09:00")
    shop.tag()
    shop.travel("2026-01-12 10:00")
    shop.tag("vip")
    shop.travel("2026-01-15 09:59")
    assert shop.steps() == []
    shop.travel("2026-02-01 00:00")
    assert shop.steps() == [("2026-01-15 10:00", "entered", "club")]


def test_an_exit_waits_for_its_delay_and_who_qualifies_again_stays() -> None:
    shop = Campaigning(campaign(exit_delay_days=2))
    shop.tag("vip")
    shop.travel("2026-01-12 09:00")
    shop.tag()
    shop.travel("2026-01-13 09:00")
    shop.tag("vip")
    shop.travel("2026-01-20 09:00")
    shop.tag()
    shop.travel("2026-01-30 09:00")
    assert shop.steps() == [
        ("2026-01-10 09:00", "entered", "club"),
        ("2026-01-22 09:00", "exited", "club"),
    ]


def test_a_campaign_lets_in_from_its_start_and_everybody_out_at_its_end() -> None:
    shop = Campaigning(
        campaign(starts_at=at("2026-02-01 00:00"), ends_at=at("2026-03-01 00:00"), again=True)
    )
    shop.tag("vip")
    shop.travel("2026-01-31 23:59")
    assert shop.steps() == []
    shop.travel("2026-02-01 00:00")
    assert shop.steps() == [("2026-02-01 00:00", "entered", "club")]
    shop.travel("2026-06-01 00:00")
    assert shop.steps() == [
        ("2026-02-01 00:00", "entered", "club"),
        ("2026-03-01 00:00", "exited", "club"),
    ]
    shop.tag("vip", "new")
    assert len(shop.steps()) == 2


def test_a_delay_that_is_over_after_the_end_lets_nobody_in() -> None:
    shop = Campaigning(campaign(entry_delay_days=5, ends_at=at("2026-01-15 09:00")))
    shop.tag("vip")
    shop.travel("2026-02-01 00:00")
    assert shop.steps() == []


def test_exit_criteria_of_its_own_take_the_place_of_the_entry_criteria() -> None:
    shop = Campaigning(campaign(exit=RICH))
    shop.tag("vip")
    shop.tag()
    assert [kind for _, kind, _ in shop.steps()] == ["entered"]
    shop.award(100)
    assert shop.facts() == ["points.earned", "reward.became_available", "campaign.exited"]
    shop.tag("vip")
    assert len(shop.steps()) == 2


def test_who_meets_both_criteria_does_not_enter() -> None:
    shop = Campaigning(campaign(exit=RICH, again=True))
    shop.award(100)
    shop.tag("vip")
    assert shop.steps() == []
    shop.do(DeductPoints(member_id=ADA, points=1))
    assert len(shop.steps()) == 1


def test_members_who_may_not_earn_are_in_no_campaign() -> None:
    shop = Campaigning(campaign())
    shop.tag("vip")
    shop.do(UpdateMember(member_id=ADA, status="blocked"))
    assert [kind for _, kind, _ in shop.steps()] == ["entered", "exited"]


def test_an_order_right_after_the_start_finds_the_member_inside() -> None:
    double = campaign(
        starts_at=at("2026-02-01 00:00"), promotion=Promotion(kind="multiplier", multiplier=2)
    )
    shop = Campaigning(double)
    shop.tag("vip")
    shop.travel("2026-02-01 00:01")
    recorded = shop.order("o1", 40)
    assert recorded.transaction is not None
    assert recorded.transaction.points == 80
    assert shop.facts()[0] == "campaign.entered"
    valued = evaluate(PURCHASE, recorded.transaction.attributes, recorded.transaction.inputs)
    assert isinstance(valued, Valuation)
    assert explain(valued).sentences()[-2:] == (
        "The campaign “Club” multiplies by 2.",
        "40 x 2 = 80: 80 points.",
    )


def test_a_return_is_valued_as_inside_the_campaign_that_the_order_was_inside() -> None:
    shop = Campaigning(campaign(promotion=Promotion(kind="multiplier", multiplier=3)))
    shop.tag("vip")
    shop.order("o1", 100)
    shop.tag()
    shop.give_back("o1", 40)
    assert shop.balances.available == 180
    assert shop.order("o2", 10).transaction.points == 10  # type: ignore[union-attr]


def test_a_bonus_is_awarded_once_at_entry_and_is_not_multiplied() -> None:
    bonus = Promotion(kind="bonus_points", activity="bonus", points=70)
    shop = Campaigning(
        campaign("a", promotion=Promotion(kind="multiplier", multiplier=2)),
        campaign("b", promotion=bonus),
    )
    shop.tag("vip")
    assert shop.facts() == [
        "member.updated", "campaign.entered", "campaign.entered", "points.earned",
        "reward.came_within_reach",
    ][: len(shop.facts())]  # fmt: skip
    assert shop.balances.available == 70


def test_a_bonus_that_a_cap_refuses_leaves_the_member_inside() -> None:
    shop = Campaigning(
        campaign(promotion=Promotion(kind="bonus_points", activity="capped", points=70), again=True)
    )
    definition = shop.state.program.definition
    capped = gift("capped", caps=(Cap(per="lifetime", times=1),))
    shop.redefine(replace(definition, activities=(*definition.activities, capped)))
    for tags in (("vip",), (), ("vip",)):
        shop.tag(*tags)
    assert shop.facts() == ["member.updated", "campaign.entered", "points.refused"]
    assert shop.balances.available == 70


def test_a_coupon_is_given_at_entry() -> None:
    shop = Campaigning(campaign(promotion=Promotion(kind="coupon", coupon="five")))
    shop.tag("vip")
    assert shop.facts() == ["member.updated", "campaign.entered", "coupon.issued"]
    [coupon] = shop.settled(ADA).coupons.values()
    assert (coupon.source, coupon.value) == ("campaign", 5)


def test_ids_of_steps_differ_and_that_of_the_promotion_stays() -> None:
    shop = Campaigning(campaign())
    shop.tag("vip")
    shop.define(campaign(name="club", description="said better"))
    shop.tag()
    entered, exited = (
        fact.data.step
        for fact in shop.everything.facts
        if isinstance(fact.data, CampaignEntered | CampaignExited)
    )
    assert entered.promotion_id == exited.promotion_id
    assert len({entered.id, exited.id, entered.promotion_id}) == 3
    assert all(len(one) == 24 for one in (entered.id, exited.id, entered.promotion_id))


def test_a_new_campaign_is_entered_when_it_came_however_late_that_is_settled() -> None:
    shop = Campaigning()
    shop.tag("vip")
    shop.travel("2026-01-20 12:00")
    shop.define(campaign())
    shop.travel("2026-04-01 00:00")
    assert shop.steps() == [("2026-01-20 12:00", "entered", "club")]


@pytest.mark.parametrize("is_kept", [True, False], ids=["switched off", "deleted"])
def test_members_leave_a_campaign_that_is_taken_away(is_kept: bool) -> None:  # noqa: FBT001
    shop = Campaigning(campaign())
    shop.tag("vip")
    shop.travel("2026-01-20 12:00")
    shop.define(*([campaign(is_active=False)] if is_kept else []))
    shop.travel("2026-02-20 12:00")
    assert shop.steps()[1:] == [("2026-01-20 12:00", "exited", "club")]
    shop.tag("vip", "new")
    shop.define(campaign())
    assert len(shop.steps()) == 2


def test_members_leave_by_criteria_that_were_changed() -> None:
    shop = Campaigning(campaign())
    shop.tag("vip")
    shop.travel("2026-01-20 12:00")
    shop.define(campaign(entry=RICH))
    shop.travel("2026-02-20 12:00")
    assert shop.steps()[1:] == [("2026-01-20 12:00", "exited", "club")]


def test_a_bonus_may_open_the_next_campaign() -> None:
    bonus = Promotion(kind="bonus_points", activity="bonus", points=100)
    shop = Campaigning(campaign("a", promotion=bonus), campaign("b", entry=RICH))
    shop.tag("vip")
    assert [name for _, _, name in shop.steps()] == ["a", "b"]


def test_everybody_is_in_an_audience_without_conditions() -> None:
    shop = Campaigning(campaign(entry=Audience()))
    shop.do(EnrollMember(member_id="bob"))
    assert shop.facts() == ["member.enrolled", "campaign.entered"]


def test_a_deleted_member_is_in_no_campaign() -> None:
    shop = Campaigning(campaign())
    shop.tag("vip")
    shop.do(DeleteMembers(member_ids=(ADA,)))
    assert [one.state for one in shop.last.participations.values()] == ["outside"]


def test_the_order_that_enrols_somebody_finds_them_inside() -> None:
    double = Promotion(kind="multiplier", multiplier=2)
    shop = Campaigning(campaign(entry=Audience(), promotion=double))
    shop.redefine(replace(shop.state.program.definition, auto_enrol=True))
    recorded = shop.do(RecordOrder(order_id="o-1", member_id="ben", order_subtotal=10))
    assert recorded.transaction.points == 20
    assert shop.facts() == [
        "member.enrolled",
        "campaign.entered",
        "order.recorded",
        "points.earned",
    ]
