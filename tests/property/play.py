"""One program played twice: the core and the naive model get the same commands, side by side.

After each step both must have answered alike and must say the same of every member, and the
invariants must hold of everything that the core ever wrote.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from stampbook.commands import Command
from stampbook.commands.approve_points import ApprovePoints
from stampbook.commands.approve_redemption import ApproveRedemption
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.cancel_coupon import CancelCoupon
from stampbook.commands.deduct_points import DeductPoints
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.override_tier import OverrideTier
from stampbook.commands.record_order import OrderRecorded, RecordOrder
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.commands.reject_points import RejectPoints
from stampbook.commands.reject_redemption import RejectRedemption
from stampbook.commands.return_order import ReturnOrder
from stampbook.commands.update_member import UpdateMember
from stampbook.commands.use_coupon import UseCoupon
from stampbook.core.draft import Changes
from stampbook.core.due import settle
from stampbook.core.refusals import Refused
from stampbook.core.returns import ReturnedProduct
from stampbook.nouns.order import Product
from stampbook.values.ids import TransactionId
from tests.model.naive import Answer, NaiveProgram, No, Yes
from tests.property.comparing import Handles, expected, facts_of, seen
from tests.property.harness import Harness
from tests.property.invariants import check, check_refusal
from tests.property.programs import POOLS, START, Settings, definition_of

NOBODYS = "f" * 24
MILLISECOND = timedelta(milliseconds=1)


class Play:
    """A program in the core and in the model. Shapes: `reached` counts answers by command."""

    def __init__(self, chosen: Settings, reached: Counter[str] | None = None) -> None:
        definition = definition_of(chosen)
        self.harness = Harness(definition, START, POOLS)
        self.model = NaiveProgram(definition, POOLS)
        self.handles = Handles()
        self.reached = Counter[str]() if reached is None else reached

    @property
    def now(self) -> datetime:
        return self.harness.now

    # --- asking both

    def ask(self, command: Command, answer: Answer, label: str = "") -> Any:
        """Ask the core what the model has answered, and compare the answers."""
        name = type(command).__name__ + label
        settled = self._settled_by(command)
        result = self.harness.run(command)
        if isinstance(answer, No):
            assert isinstance(result, Refused), (command, answer)
            assert result.code in answer.codes, (command, result.code, answer.codes)
            check_refusal(settled, self.harness.last)
            self.reached[f"{name}: {result.code}"] += 1
        else:
            assert not isinstance(result, Refused), (command, result)
            self.reached[f"{name}: accepted"] += 1
        self.handles.learn(answer.made if isinstance(answer, Yes) else [], self.harness.last)
        self.compare()
        return result

    def _settled_by(self, command: Command) -> Changes:
        """Give what a command changes only because time has passed."""
        draft = self.harness.look()
        fields = msgspec.structs.asdict(command)
        owned = [fields.get("transaction_id"), *fields.get("transaction_ids", ())]
        records = [
            *(draft.transaction(one) for one in owned if one),
            draft.order(fields.get("order_id") or ""),
            draft.coupon(fields.get("code") or ""),
        ]
        keys = [fields.get("member_id"), *fields.get("member_ids", ())]
        keys += [record.member_id for record in records if record is not None]
        for key in dict.fromkeys(keys):
            book = draft.book_of(key) if key else None
            if book is not None:
                settle(draft, book)
        return draft.changes

    def compare(self) -> None:
        """Compare what both say of every member now, whether or not a sweep has run."""
        check(self.harness)
        for member in self.model.stories:
            picture = self.model.picture(member, self.now)
            draft = self.harness.look()
            book = draft.book_of(member)
            assert book is not None
            settle(draft, book)
            transactions = self.harness.transactions_of(member, draft)
            found = seen(book, transactions, self.handles)
            for part, wanted in expected(picture).items():
                assert found[part] == wanted, (member, part, found[part], wanted)
            facts = [*self.harness.everything.facts, *draft.changes.facts]
            found_facts, wanted_facts = facts_of(facts, book.member.id), Counter(picture.facts)
            assert found_facts == wanted_facts, (
                member,
                found_facts - wanted_facts,
                wanted_facts - found_facts,
            )

    def transaction(self, pick: int, kind: str, *, pending: bool = True) -> tuple[int, str]:
        """Pick a transaction, mostly of a kind and pending; its handle and the engine's id."""
        if pick % 13 == 0:
            return -1, NOBODYS
        every = list(self.handles.to_id.items())
        records = self.harness.state.transactions
        fit = [one for one in every if records[TransactionId(one[1])].kind == kind]
        if pending and pick % 5:
            pending_ones = self.model.pending(self.now)
            fit = [one for one in fit if one[0] in pending_ones] or fit
        found = every if pick % 6 == 0 else fit
        return found[-1 - pick % len(found)] if found else (-1, NOBODYS)

    # --- members

    def enrol(self, member: str) -> None:
        self.ask(EnrollMember(member_id=member), self.model.enrol(member, self.now))

    def set_status(self, member: str, status: Any) -> None:
        answer = self.model.block(member, blocked=status != "active")
        self.ask(UpdateMember(member_id=member, status=status), answer)

    def delete(self, chosen: list[str]) -> None:
        answer = self.model.delete(chosen, self.now)
        self.ask(DeleteMembers(member_ids=tuple(chosen)), answer)

    def override(self, member: str, tier: str) -> None:
        answer = self.model.override(member, tier, self.now)
        self.ask(OverrideTier(member_id=member, tier_id=tier), answer)

    # --- points

    def award(
        self, member: str, activity: str, points: int | None = None, stars: Any = None
    ) -> None:
        attributes = {} if stars is None else {"stars": stars}
        answer = self.model.award(member, activity, self.now, attributes, points)
        command = AwardPoints(
            member_id=member,
            activity_id=activity,
            points=points,
            transaction_attributes=attributes,
        )
        self.ask(command, answer)

    def resolve(self, picks: list[int], *, approve: bool) -> None:
        pairs = [self.transaction(pick, "award") for pick in picks]
        keys = tuple(TransactionId(key) for _, key in pairs)
        answer = self.model.resolve([handle for handle, _ in pairs], self.now, approve=approve)
        command = (
            ApprovePoints(transaction_ids=keys) if approve else RejectPoints(transaction_ids=keys)
        )
        self.ask(command, answer, " in bulk" if len(set(keys)) > 1 else "")

    def deduct(self, member: str, points: int) -> None:
        answer = self.model.deduct(member, points, self.now)
        self.ask(DeductPoints(member_id=member, points=points), answer)

    # --- rewards

    def redeem(
        self, member: str, reward: str, points: int | None = None, *, hold: bool = False
    ) -> None:
        # stock and codes of another member's hold come back when the clockwork finds it
        self.harness.sweep(
            members=[ours for key, ours in self.harness.state.keys.items() if key != member]
        )
        answer = self.model.redeem(member, reward, self.now, points, hold=hold)
        command = RedeemReward(member_id=member, reward_id=reward, points=points, hold=hold)
        self.ask(command, answer, " on hold" if hold else "")

    def race(self, member: str, reward: str, holds: list[bool], then: str) -> None:
        """Several redemptions at one instant: whoever comes too late is refused."""
        for hold in holds:
            self.redeem(member, reward, hold=hold)
        if then == "deduct":
            self.deduct(member, 90)
        elif then != "nothing":
            self.resolve_hold(1, approve=then == "approve")
            self.resolve_hold(1, approve=then != "approve")

    def resolve_hold(self, pick: int, *, approve: bool) -> None:
        handle, key = self.transaction(pick, "redeem")
        answer = self.model.resolve_hold(handle, self.now, approve=approve)
        command = ApproveRedemption if approve else RejectRedemption
        self.ask(command(transaction_id=TransactionId(key)), answer)

    def coupon(self, pick: int, what: str) -> None:
        handle, key = self.transaction(pick, "redeem", pending=False)
        transaction = self.harness.state.transactions.get(TransactionId(key))
        code = (transaction and transaction.coupon_code) or "no such code"
        coupon = self.harness.state.coupons.get(code)
        if coupon is not None and coupon.transaction_id != key:
            return  # the pool has given the code to somebody else since
        if what == "use":
            self.ask(UseCoupon(code=code), self.model.use_coupon(handle, self.now))
        else:
            refund = what == "refund"
            answer = self.model.cancel_coupon(handle, self.now, refund=refund)
            self.ask(CancelCoupon(code=code, refund=refund), answer, f" to {what}")

    # --- orders

    def order(
        self,
        member: str,
        number: int,
        subtotal: Any,
        lines: list[Product] | None = None,
        discount: int = 0,
    ) -> None:
        attributes: dict[str, Any] = {"order_subtotal": subtotal}
        if lines:
            paid = sum(float(one.product_price) * float(one.product_quantity) for one in lines)
            attributes["order_subtotal"] = round(paid - discount, 2)
            attributes["products"] = [msgspec.structs.asdict(one) for one in lines]
        label = "" if member in self.model.stories else " of a stranger"
        answer = self.model.order(member, f"order-{number}", self.now, attributes)
        command = RecordOrder(
            order_id=f"order-{number}",
            member_id=member,
            order_subtotal=attributes["order_subtotal"],
            products=tuple(lines) if lines else None,
        )
        result = self.ask(command, answer, label)
        if isinstance(result, OrderRecorded) and isinstance(answer, Yes):
            codes = answer.why_nothing
            assert (result.refused is None) == (codes is None), (result.refused, codes)
            assert result.refused is None or (codes and result.refused.code in codes)

    def give_back(self, number: int, amount: Any, gone: dict[str, int]) -> None:
        known = [*self.harness.state.orders, "order-99"]
        order_id = known[number % len(known)]
        answer = self.model.give_back(order_id, self.now, amount, gone)
        returned = tuple(ReturnedProduct(product_id=key, quantity=n) for key, n in gone.items())
        command = ReturnOrder(order_id=order_id, returned_amount=amount, returned_products=returned)
        label = " by amount" if amount is not None else " by product" if gone else " in full"
        self.ask(command, answer, label)

    # --- time

    def wait(self, step: timedelta) -> None:
        self.harness.now += step
        self.compare()

    def wait_for_the_next(self, *, before: bool) -> None:
        """Stop at the very instant at which something falls due, or just before it."""
        pictures = [self.model.picture(member, self.now) for member in self.model.stories]
        due = [timer[0] for picture in pictures for timer in picture.timers()]
        if due:
            instant = min(due) - (MILLISECOND if before else timedelta())
            self.harness.now = max(self.now, instant)
            self.reached[f"waited for the next, {before=}"] += 1
        self.compare()

    def sweep(self, limit: int) -> None:
        ran = self.harness.sweep(limit)
        self.reached["swept something" if ran.items else "swept nothing"] += 1
        assert not ran.finished or ran.reached == self.now
        self.compare()

    def change_the_rules(self, multiplier: float) -> None:
        old = self.model.definition
        activities = tuple(
            replace(one, computation=replace(one.computation, multiplier=multiplier))
            if one.id == "purchase"
            else one
            for one in old.activities
        )
        self.model.definition = replace(old, activities=activities)
        self.harness.redefine(self.model.definition)
        self.compare()
