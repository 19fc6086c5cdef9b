"""What a batch asks for: the needs of all its commands as one."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain
from operator import attrgetter
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
        members=_each(wanted, "members"),
        ids=_each(wanted, "ids"),
        transactions=_each(wanted, "transactions"),
        orders=_each(wanted, "orders"),
        coupons=_each(wanted, "coupons"),
        emails=_each(wanted, "emails"),
        referral_codes=_each(wanted, "referral_codes"),
        referrals=_each(wanted, "referrals"),
        reviews=_each(wanted, "reviews"),
        rewards=dict(Counter(reward for one in wanted for reward in one.rewards)),
        due=Due(max(due.until for due in dues), max(due.limit for due in dues)) if dues else None,
    )


def _each(wanted: Iterable[Needs], name: str) -> tuple[Any, ...]:
    return tuple(sorted(set(chain.from_iterable(map(attrgetter(name), wanted)))))
