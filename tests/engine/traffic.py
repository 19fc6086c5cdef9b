"""Traffic for tests: mixed commands over a few members, from a seed; same seed, same commands."""

from collections.abc import Callable
from random import Random

from stampbook.commands import Command
from stampbook.commands.approve_points import ApprovePoints
from stampbook.commands.approve_redemption import ApproveRedemption
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.cancel_coupon import CancelCoupon
from stampbook.commands.deduct_points import DeductPoints
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.commands.reject_points import RejectPoints
from stampbook.commands.reject_redemption import RejectRedemption
from stampbook.commands.return_order import ReturnOrder
from stampbook.commands.update_member import UpdateMember
from stampbook.commands.use_coupon import UseCoupon
from stampbook.values.ids import TransactionId

MEMBERS = 6
ACTIVITIES = ("visit", "visit", "post", "wait", "unknown")


class Traffic:
    """Makes commands; `ids` finds transactions and `codes` coupons that earlier ones made."""

    def __init__(
        self, seed: int, ids: Callable[[], list[str]], codes: Callable[[], list[str]]
    ) -> None:
        self._random = Random(seed)
        self._ids = ids
        self._codes = codes

    def commands(self, number: int) -> list[Command]:
        """Give some commands that could be asked now."""
        ids, codes = self._ids() or ["0" * 24], self._codes() or ["none"]
        return [self._command(ids, codes) for _ in range(number)]

    def _command(self, ids: list[str], codes: list[str]) -> Command:
        pick = self._random
        member = f"m{pick.randrange(MEMBERS)}"
        order = f"o{pick.randrange(3 * MEMBERS)}"
        transaction = TransactionId(pick.choice(ids))
        makers: list[Callable[[], Command]] = [
            lambda: EnrollMember(member_id=member, email_address=f"{member}@example.org"),
            lambda: AwardPoints(member_id=member, activity_id=pick.choice(ACTIVITIES)),
            lambda: AwardPoints(
                member_id=member, activity_id="visit", points=pick.randrange(1, 400)
            ),
            lambda: RecordOrder(
                order_id=order, member_id=member, order_subtotal=str(pick.randrange(10, 200))
            ),
            lambda: ReturnOrder(order_id=order, returned_amount=pick.choice([None, 5, 20])),
            lambda: RedeemReward(
                member_id=member,
                reward_id=pick.choice(["mug", "card"]),
                hold=pick.random() < 0.5,
            ),
            lambda: ApproveRedemption(transaction_id=transaction),
            lambda: RejectRedemption(transaction_id=transaction),
            lambda: ApprovePoints(transaction_ids=(transaction,)),
            lambda: RejectPoints(transaction_ids=(transaction,)),
            lambda: DeductPoints(member_id=member, points=pick.randrange(1, 120), reason="test"),
            lambda: UseCoupon(code=pick.choice(codes)),
            lambda: CancelCoupon(code=pick.choice(codes), refund=pick.random() < 0.5),
            lambda: UpdateMember(member_id=member, first_name=pick.choice("AB")),
            lambda: DeleteMembers(member_ids=(member,)),
        ]
        weights = [6, 10, 8, 8, 5, 8, 4, 3, 4, 2, 4, 3, 3, 3, 1]
        return pick.choices(makers, weights)[0]()
