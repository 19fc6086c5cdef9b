"""A small shop to tell examples with: one program in memory, and a member called Ada."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from stampbook.commands import Command
from stampbook.commands.award_points import AwardPoints, PointsAwarded
from stampbook.commands.deduct_points import DeductPoints, PointsDeducted
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import OrderRecorded, RecordOrder
from stampbook.commands.redeem_reward import RedeemReward, RewardRedeemed
from stampbook.commands.return_order import OrderReturned, ReturnOrder
from stampbook.core.definition import (
    Activity,
    Computation,
    Definition,
    Expiry,
    Level,
    PointsSettings,
    Tiers,
)
from stampbook.core.refusals import Refused
from stampbook.core.returns import ReturnedProduct
from stampbook.nouns.member import Balances, Member, TierStanding
from stampbook.nouns.order import Product
from stampbook.nouns.reward import Reward
from stampbook.nouns.transaction import Transaction
from tests.property.harness import Harness
from tests.property.invariants import check

ADA = "ada"
GIFT = Activity(id="gift", name="Gift", computation=Computation(kind="fixed", points=100))
PURCHASE = Activity(
    id="purchase", name="Purchase", on="order", computation=Computation(kind="multiplier_based")
)
MUG = Reward(id="mug", name="Mug", sub_type="product", points=100)
NO_TIERS = Tiers()
LEVELS = (
    Level(id="base", name="Base", threshold=0),
    Level(id="silver", name="Silver", threshold=100),
    Level(id="gold", name="Gold", threshold=300),
)


def at(text: str) -> datetime:
    """Give an instant from its spelling in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def gift(activity_id: str = "gift", **changes: Any) -> Activity:
    """Give an activity that awards what it is asked to, unless changed."""
    return replace(GIFT, id=activity_id, name=activity_id, **changes)


def expiring(name: str, **expiry: Any) -> Activity:
    """Give an activity whose points expire."""
    return gift(name, expiry=Expiry(**expiry))


class Shop(Harness):
    """A program where Ada is enrolled. Shapes: every command's changes are checked as a whole."""

    def __init__(
        self,
        *activities: Activity,
        now: str = "2026-01-10 09:00",
        rewards: tuple[Reward, ...] = (MUG,),
        tiers: Tiers = NO_TIERS,
        time_zone: str = "UTC",
        pools: Mapping[str, int] | None = None,
        **points: Any,
    ) -> None:
        definition = Definition(
            name="Shop",
            time_zone=time_zone,
            points=PointsSettings(**points),
            tiers=tiers,
            activities=(GIFT, PURCHASE, *activities),
            rewards=rewards,
        )
        super().__init__(definition, at(now), dict(pools or {}))
        self.do(EnrollMember(member_id=ADA))

    def do(self, command: Command) -> Any:
        """Run a command that is not refused."""
        result = self.run(command)
        check(self)
        assert not isinstance(result, Refused), result
        return result

    def refusal(self, command: Command) -> str:
        """Run a command that is refused, and give the code."""
        result = self.run(command)
        check(self)
        assert isinstance(result, Refused), result
        return result.code

    def travel(self, to: str) -> None:
        """Let time pass; nobody sweeps."""
        self.now = at(to)

    def award(
        self, points: int | None = 100, activity: str = "gift", key: str = ADA
    ) -> Transaction:
        """Award points."""
        command = AwardPoints(member_id=key, activity_id=activity, points=points)
        awarded: PointsAwarded = self.do(command)
        return awarded.transaction

    def redeem(self, reward: str = "mug", *, key: str = ADA, **options: Any) -> RewardRedeemed:
        """Redeem a reward."""
        return self.do(RedeemReward(member_id=key, reward_id=reward, **options))

    def deduct(self, points: int) -> Transaction:
        """Deduct points by hand."""
        deducted: PointsDeducted = self.do(DeductPoints(member_id=ADA, points=points))
        return deducted.transaction

    def order(self, order_id: str, subtotal: Any, *products: Product) -> OrderRecorded:
        """Record an order of Ada's."""
        return self.do(
            RecordOrder(
                order_id=order_id,
                member_id=ADA,
                order_subtotal=subtotal,
                products=products or None,
            )
        )

    def give_back(self, order_id: str, amount: Any = None, **products: int) -> OrderReturned:
        """Return an order in full, an amount of it, or some products."""
        returned = tuple(
            ReturnedProduct(product_id=key, quantity=quantity) for key, quantity in products.items()
        )
        return self.do(
            ReturnOrder(order_id=order_id, returned_amount=amount, returned_products=returned)
        )

    def member(self, key: str = ADA) -> Member:
        """Give a member as a reader sees them now."""
        return self.settled(key).member

    @property
    def balances(self) -> Balances:
        """Ada's balances now."""
        return self.member().balances

    @property
    def standing(self) -> TierStanding:
        """Ada's standing now."""
        standing = self.member().tier
        assert standing is not None
        return standing

    def left(self) -> dict[str, int]:
        """What is left of Ada's lots, by activity."""
        lots = self.settled(ADA).lots.values()
        return {lot.activity_id or "": lot.remaining for lot in lots if lot.remaining}

    def facts(self) -> list[str]:
        """What the last command stated."""
        return [fact.type for fact in self.last.facts]
