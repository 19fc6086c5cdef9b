"""What a batch asks for: the needs of all its commands as one."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from stampbook.commands import Due, Needs
from stampbook.values.contacts import mailbox_key
from stampbook.values.ids import MemberId, ReferralId, ReviewId, TransactionId


class Asked(Struct, frozen=True, kw_only=True):
    """The needs of a batch, each thing once and in order.

    Shapes: `rewards` tells how many free codes of each pool the batch may take.
    """

    members: tuple[str, ...]
    ids: tuple[MemberId, ...]
    transactions: tuple[TransactionId, ...]
    orders: tuple[str, ...]
    coupons: tuple[str, ...]
    emails: tuple[str, ...]
    referral_codes: tuple[str, ...]
    referrals: tuple[ReferralId, ...]
    reviews: tuple[ReviewId, ...]
    rewards: dict[str, int]
    due: Due | None

    @property
    def mailboxes(self) -> tuple[str, ...]:
        """The mailboxes that the e-mail addresses end in: friends are one by their mailbox."""
        return tuple(sorted({mailbox_key(email) for email in self.emails}))


def together(needs: Iterable[Needs]) -> Asked:
    """Put needs together; of several sweeps the latest `until` and the largest limit count."""
    wanted = list(needs)
    dues = [one.due for one in wanted if one.due is not None]
    return Asked(
        members=_each(one.members for one in wanted),
        ids=_each(one.ids for one in wanted),
        transactions=_each(one.transactions for one in wanted),
        orders=_each(one.orders for one in wanted),
        coupons=_each(one.coupons for one in wanted),
        emails=_each(one.emails for one in wanted),
        referral_codes=_each(one.referral_codes for one in wanted),
        referrals=_each(one.referrals for one in wanted),
        reviews=_each(one.reviews for one in wanted),
        rewards=dict(Counter(reward for one in wanted for reward in one.rewards)),
        due=Due(max(due.until for due in dues), max(due.limit for due in dues)) if dues else None,
    )


def _each(lists: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(sorted({one for some in lists for one in some}))
