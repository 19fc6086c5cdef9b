"""A loyalty program written the slow and obvious way, apart from the engine that it checks.

Each command looks at pictures worked out from whole stories, says no or adds a deed to a story.
A "no" is the set of all reasons that hold, because the contract gives reasons no order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from stampbook.core.definition import Activity, Definition
from stampbook.nouns.reward import Reward
from tests.model import almanac
from tests.model.picture import Award, Deed, Picture, Spending, look
from tests.model.worth import number, worth


@dataclass
class Yes:
    """Granted; the handles of the transactions that it made, in order."""

    made: list[int] = field(default_factory=list[int])
    why_nothing: frozenset[str] | None = None
    """Of an order: why it earned nothing."""


@dataclass
class No:
    codes: frozenset[str]


Answer = Yes | No


def no(*codes: str) -> No:
    return No(frozenset(codes))


@dataclass
class Story:
    enrolled: datetime
    deeds: list[Deed] = field(default_factory=list[Deed])
    blocked: bool = False


Lines = dict[str, tuple[Decimal, Decimal]]
"""Price and quantity that is left, by product."""


@dataclass
class Purchase:
    member: str
    attributes: dict[str, Any]
    left: Decimal
    products: Lines
    award: int | None
    valued_by: Activity | None
    tier_id: str | None
    tier_multiplier: float
    in_full: bool = False


class NaiveProgram:
    def __init__(self, definition: Definition, pools: dict[str, int]) -> None:
        self.definition = definition
        self.stories: dict[str, Story] = {}
        self.retired: set[str] = set()
        self.purchases: dict[str, Purchase] = {}
        self.spent_by_the_gone: list[Spending] = []
        self.owners: dict[int, str] = {}
        self.pools = pools
        """How many codes each pool was filled with."""

    # --- looking

    def picture(self, member: str, now: datetime) -> Picture:
        story = self.stories[member]
        return look(self.definition, story.enrolled, story.deeds, now)

    def pending(self, now: datetime) -> set[int]:
        """The awards and holds that wait."""
        found: set[int] = set()
        for member in self.stories:
            picture = self.picture(member, now)
            records = [*picture.awards.values(), *picture.spendings.values()]
            found |= {record.handle for record in records if record.status == "pending"}
        return found

    def _handle(self, member: str) -> int:
        handle = len(self.owners) + 1
        self.owners[handle] = member
        return handle

    def _tell(self, member: str, now: datetime, what: str, **data: Any) -> None:
        self.stories[member].deeds.append(Deed(now, what, data))

    def _unknown(self, member: str) -> No | None:
        return None if member in self.stories else no("member.not_found")

    # --- members

    def enrol(self, member: str, now: datetime) -> Answer:
        if member in self.retired:
            return no("member.id_retired")
        if member in self.stories:
            return no("member.exists")
        self.stories[member] = Story(now)
        made: list[int] = []
        for activity in self.definition.activities:
            if activity.on == "enrolment" and activity.is_active:
                answer = self._award(member, activity, now, {})
                made += answer.made if isinstance(answer, Yes) else []
        return Yes(made)

    def block(self, member: str, *, blocked: bool) -> Answer:
        if unknown := self._unknown(member):
            return unknown
        self.stories[member].blocked = blocked
        return Yes()

    def delete(self, members: list[str], now: datetime) -> Answer:
        for member in members:
            if unknown := self._unknown(member):
                return unknown
        for member in dict.fromkeys(members):
            self.retired.add(member)
            spent = self.picture(member, now).spendings.values()
            self.spent_by_the_gone += [each for each in spent if each.status != "pending"]
            del self.stories[member]
        return Yes()

    def override(self, member: str, tier_id: str, now: datetime) -> Answer:
        if unknown := self._unknown(member):
            return unknown
        if tier_id not in {level.id for level in self.definition.tiers.levels}:
            return no("tier.not_found")
        self._tell(member, now, "override", tier_id=tier_id)
        return Yes()

    # --- earning

    def award(
        self,
        member: str,
        activity_id: str,
        now: datetime,
        attributes: dict[str, Any],
        points: int | None = None,
    ) -> Answer:
        if unknown := self._unknown(member):
            return unknown
        activity = self.definition.activity_by_id.get(activity_id)
        blocked = self.stories[member].blocked
        if activity is None:
            return no("activity.not_found", *(("member.blocked",) if blocked else ()))
        computed = points is not None and activity.computation.kind != "fixed"
        reasons = {
            "member.blocked": blocked,
            "activity.inactive": not activity.is_active,
            "activity.needs_order": activity.on == "order",
            "activity.points_computed": computed,
        }
        if any(reasons.values()):
            return No(frozenset(code for code, holds in reasons.items() if holds))
        return self._award(member, activity, now, attributes, points)

    def _award(
        self,
        member: str,
        activity: Activity,
        now: datetime,
        attributes: dict[str, Any],
        points: int | None = None,
    ) -> Answer:
        picture = self.picture(member, now)
        tier_id, multiplier = self._tier_of(picture)
        value = worth(
            activity, attributes, points=points, tier_id=tier_id, tier_multiplier=multiplier
        )
        if value is None:
            return no("activity.needs_number")
        room = self._room(picture, activity, now)
        reasons = {
            "activity.cap_reached": room is not None and room <= 0,
            "points.nothing_earned": value == 0,
        }
        if any(reasons.values()):
            return No(frozenset(code for code, holds in reasons.items() if holds))
        granted = value if room is None else min(value, room)
        handle = self._handle(member)
        self._tell(member, now, "award", handle=handle, activity=activity, points=granted)
        return Yes([handle])

    def _tier_of(self, picture: Picture) -> tuple[str | None, float]:
        standing = picture.standing
        return (None, 1) if standing is None else (standing.level.id, standing.level.multiplier)

    def _room(self, picture: Picture, activity: Activity, now: datetime) -> int | None:
        """How many points the caps leave; None is no bound."""
        room: int | None = None
        today = almanac.day_of(now, picture.zone)
        for cap in activity.caps:
            before = [
                award
                for award in picture.awards.values()
                if award.activity.id == activity.id
                and award.counts
                and almanac.same_period(almanac.day_of(award.made, picture.zone), today, cap.per)
            ]
            if cap.times is not None and len(before) >= cap.times:
                return 0
            if cap.points is not None:
                left = max(0, cap.points - sum(award.points for award in before))
                room = left if room is None else min(room, left)
        return room

    def resolve(self, handles: list[int], now: datetime, *, approve: bool) -> Answer:
        for handle in handles:
            if handle not in self.owners or self.owners[handle] not in self.stories:
                return no("transaction.not_found")
            picture = self.picture(self.owners[handle], now)
            award = picture.awards.get(handle)
            if award is None:
                return no("transaction.wrong_kind")
            if award.status != "pending":
                return no("transaction.not_pending")
        for handle in dict.fromkeys(handles):
            what = "approve" if approve else "reject"
            self._tell(self.owners[handle], now, what, handle=handle)
        return Yes()

    # --- spending

    def redeem(
        self,
        member: str,
        reward_id: str,
        now: datetime,
        points: int | None = None,
        *,
        hold: bool = False,
    ) -> Answer:
        if unknown := self._unknown(member):
            return unknown
        reward = self.definition.reward_by_id.get(reward_id)
        blocked = self.stories[member].blocked
        if reward is None:
            return no("reward.not_found", *(("member.blocked",) if blocked else ()))
        picture = self.picture(member, now)
        price = self._price(reward, points)
        reasons = {
            "member.blocked": blocked,
            "reward.inactive": not self._is_on(reward, now),
            "reward.not_eligible": not self._is_open_to(reward, picture, now),
            "reward.points_invalid": price is None,
            "reward.limit_reached": self._limit_reached(reward, picture, now),
            "reward.out_of_stock": self._is_sold_out(reward, now),
            "points.insufficient": price is not None and picture.available < price,
        }
        if any(reasons.values()):
            return No(frozenset(code for code, holds in reasons.items() if holds))
        handle = self._handle(member)
        self._tell(
            member,
            now,
            "hold" if hold else "redeem",
            handle=handle,
            points=price,
            reward_id=reward_id,
            coupon=None if reward.coupon == "none" else f"coupon-{handle}",
            days=reward.coupon_days,
        )
        return Yes([handle])

    def _price(self, reward: Reward, points: int | None) -> int | None:
        if reward.sub_type != "flexible_amount":
            return reward.points if points in {None, reward.points} else None
        if points is None:
            return reward.points
        too_much = reward.points_max is not None and points > reward.points_max
        return (
            None
            if points < reward.points or too_much or (points - reward.points) % reward.step
            else points
        )

    def _is_on(self, reward: Reward, now: datetime) -> bool:
        started = reward.starts_at is None or reward.starts_at <= now
        return reward.is_active and started and (reward.ends_at is None or now < reward.ends_at)

    def _is_open_to(self, reward: Reward, picture: Picture, now: datetime) -> bool:
        if reward.tiers:
            return picture.standing is not None and picture.standing.level.id in reward.tiers
        earned = self._earned_in(reward.eligibility.period, picture, now)
        bound = reward.eligibility.points
        compare: dict[str, Callable[[], bool]] = {
            "greater_than": lambda: earned > bound,
            "at_least": lambda: earned >= bound,
            "less_than": lambda: earned < bound,
            "at_most": lambda: earned <= bound,
        }
        return compare[reward.eligibility.operator]()

    def _earned_in(self, period: str, picture: Picture, now: datetime) -> int:
        today = almanac.day_of(now, picture.zone)
        total = 0
        for lot in picture.lots:
            day = almanac.day_of(lot.opened, picture.zone)
            if period == "last_365_days":
                inside = (today - day).days < 365
            else:
                inside = almanac.same_period(day, today, period.removeprefix("current_"))
            total += lot.points if inside else 0
        return total

    def _limit_reached(self, reward: Reward, picture: Picture, now: datetime) -> bool:
        if reward.limit is None:
            return False
        today = almanac.day_of(now, picture.zone)
        times = sum(
            spending.reward_id == reward.id
            and spending.status != "rejected"
            and almanac.same_period(
                almanac.day_of(spending.made, picture.zone), today, reward.limit.per
            )
            for spending in picture.spendings.values()
        )
        return times >= reward.limit.times

    def spendings_of(self, reward_id: str, now: datetime) -> list[Spending]:
        spent = list(self.spent_by_the_gone)
        for member in self.stories:
            spent += self.picture(member, now).spendings.values()
        return [spending for spending in spent if spending.reward_id == reward_id]

    def _is_sold_out(self, reward: Reward, now: datetime) -> bool:
        taken = self.spendings_of(reward.id, now)
        gone = sum(spending.status != "rejected" for spending in taken)
        if reward.stock is not None and gone >= reward.stock:
            return True
        return reward.coupon == "pool" and gone >= self.pools.get(reward.id, 0)

    def resolve_hold(self, handle: int, now: datetime, *, approve: bool) -> Answer:
        if handle not in self.owners or self.owners[handle] not in self.stories:
            return no("transaction.not_found")
        member = self.owners[handle]
        spending = self.picture(member, now).spendings.get(handle)
        if spending is None or spending.kind != "redeem":
            return no("transaction.wrong_kind")
        if spending.status != "pending":
            return no("transaction.not_pending")
        self._tell(member, now, "capture" if approve else "release", handle=handle)
        return Yes()

    def use_coupon(self, handle: int, now: datetime) -> Answer:
        if reason := self._coupon_no(handle, now):
            return no(reason)
        self._tell(self.owners[handle], now, "use", handle=handle)
        return Yes()

    def cancel_coupon(self, handle: int, now: datetime, *, refund: bool) -> Answer:
        if reason := self._coupon_no(handle, now):
            return no(reason)
        self._tell(self.owners[handle], now, "cancel", handle=handle, refund=refund)
        return Yes()

    def _coupon_no(self, handle: int, now: datetime) -> str | None:
        spending = None
        if handle in self.owners and self.owners[handle] in self.stories:
            spending = self.picture(self.owners[handle], now).spendings.get(handle)
        if spending is None or spending.coupon is None:
            return "coupon.not_found"
        reasons = {"used": "coupon.already_used", "expired": "coupon.expired", "issued": None}
        return reasons.get(spending.coupon_status, "coupon.not_usable")

    # --- deductions

    def deduct(self, member: str, points: int, now: datetime) -> Answer:
        if unknown := self._unknown(member):
            return unknown
        taken = self._coverable(self.picture(member, now), points)
        if not taken:
            return no("points.insufficient")
        handle = self._handle(member)
        self._tell(member, now, "deduct", handle=handle, points=taken)
        return Yes([handle])

    def _coverable(self, picture: Picture, points: int) -> int | None:
        """How much of a deduction is taken; None refuses it."""
        if points <= picture.available or self.definition.points.clawback == "allow_debt":
            return points
        if self.definition.points.clawback == "refuse":
            return None
        return max(0, picture.available)

    # --- orders

    def order(
        self, member: str, order_id: str, now: datetime, attributes: dict[str, Any]
    ) -> Answer:
        subtotal = number(attributes["order_subtotal"])
        is_known = member in self.stories
        reasons = {
            "order.already_recorded": order_id in self.purchases,
            "order.amount_invalid": subtotal is None or subtotal < 0,
            "member.id_retired": member in self.retired,
            "member.blocked": is_known and self.stories[member].blocked,
            "program.auto_enrol_off": not is_known and not self.definition.auto_enrol,
        }
        if subtotal is None or any(reasons.values()):
            return No(frozenset(code for code, holds in reasons.items() if holds))
        enrolled: list[int] = []
        if not is_known:
            answer = self.enrol(member, now)
            enrolled = answer.made if isinstance(answer, Yes) else []
        self._tell(member, now, "bought", spend_minor=int(subtotal * 100))
        tier_id, multiplier = self._tier_of(self.picture(member, now))
        activity = next((a for a in self.definition.activities if a.on == "order"), None)
        answer = Yes()
        if activity is not None and activity.is_active:
            answer = self._award(member, activity, now, attributes)
        award = answer.made[0] if isinstance(answer, Yes) and answer.made else None
        products = {
            product["product_id"]: (
                Decimal(str(product["product_price"])),
                Decimal(str(product["product_quantity"])),
            )
            for product in attributes.get("products") or ()
        }
        self.purchases[order_id] = Purchase(
            member, attributes, subtotal, products, award, activity, tier_id, multiplier
        )
        if isinstance(answer, No):
            return Yes(enrolled, answer.codes)
        return Yes([*enrolled, *answer.made])

    def give_back(
        self,
        order_id: str,
        now: datetime,
        amount: Any = None,
        products: dict[str, Any] | None = None,
    ) -> Answer:
        """A return: in full, of an amount, or of quantities of products."""
        purchase = self.purchases.get(order_id)
        if purchase is None or purchase.member not in self.stories:
            return no("order.not_found")
        if purchase.in_full:
            return no("order.already_returned")
        rest = self._rest(purchase, amount, products or {})
        if isinstance(rest, No):
            return rest
        answer = self._claw_back(purchase, *rest, now)
        if isinstance(answer, Yes):
            purchase.left, purchase.products = rest
            purchase.in_full = purchase.left == 0
        return answer

    def _rest(
        self, purchase: Purchase, amount: Any, products: dict[str, Any]
    ) -> tuple[Decimal, Lines] | No:
        """What is left of an order, in money and by product."""
        left, lines = purchase.left, dict(purchase.products)
        if amount is not None:
            back = number(amount)
            if back is None or back <= 0:
                return no("order.amount_invalid")
            return no("order.return_too_large") if back > left else (left - back, lines)
        if not products:
            return Decimal(0), lines
        for product_id, quantity in products.items():
            if product_id not in lines:
                return no("order.product_unknown")
            price, there = lines[product_id]
            if quantity > there:
                return no("order.return_too_large")
            lines[product_id] = (price, there - quantity)
            left -= price * quantity
        # of a discounted order the products cost more than was paid
        return max(Decimal(0), left), lines

    def _claw_back(
        self,
        purchase: Purchase,
        left: Decimal,
        remaining: Lines,
        now: datetime,
    ) -> Answer:
        member = purchase.member
        picture = self.picture(member, now)
        award = None if purchase.award is None else picture.awards[purchase.award]
        rest = self._worth_of_rest(purchase, award, left, remaining) if award else 0
        due = max(0, award.points - award.returned - rest) if award else 0
        taken = self._coverable(picture, due)
        if taken is None and award is not None and award.status == "approved":
            return no("points.insufficient")
        self._tell(member, now, "returned", spend_minor=int((purchase.left - left) * 100))
        if award is None or not due:
            return Yes()
        if award.status == "pending":
            return self._pend_rest(purchase, award, rest, now)
        if award.status == "rejected":
            return Yes()
        handle = self._handle(member) if taken else 0
        self._tell(
            member, now, "claw_back", award=award.handle, due=due, handle=handle, points=taken
        )
        return Yes([handle] if taken else [])

    def _pend_rest(self, purchase: Purchase, award: Award, rest: int, now: datetime) -> Answer:
        self._tell(purchase.member, now, "reject", handle=award.handle)
        purchase.award = None
        if rest:
            purchase.award = self._handle(purchase.member)
            self._tell(
                purchase.member,
                now,
                "pend_rest",
                handle=purchase.award,
                award=award.handle,
                points=rest,
            )
        return Yes([purchase.award] if purchase.award else [])

    def _worth_of_rest(
        self,
        purchase: Purchase,
        award: Award,
        left: Decimal,
        remaining: Lines,
    ) -> int:
        """What the rest of the order is worth, by the rules and the tier that valued all of it."""
        assert purchase.valued_by is not None
        rest: dict[str, Any] = {**purchase.attributes, "order_subtotal": str(left)}
        if rest.get("products"):
            rest["products"] = [
                {**product, "product_quantity": remaining[product["product_id"]][1]}
                for product in rest["products"]
                if remaining[product["product_id"]][1] > 0
            ]
        value = worth(
            purchase.valued_by,
            rest,
            tier_id=purchase.tier_id,
            tier_multiplier=purchase.tier_multiplier,
        )
        return min(value, award.points) if value and left else 0
