"""A share, a claim or a completion of a referral was refused."""

from typing import Any

from stampbook.facts import FactData, FactType
from stampbook.nouns.examples import example_envelope


class ReferralRefused(FactData, frozen=True, kw_only=True):
    """Sent for each refused referral of a known referrer; the request changed nothing.

    Shapes: `code` is permanent (`noun.reason`); `detail` and `remedy` are sentences for a person;
    `facts` are the numbers and names that explain the refusal.
    """

    code: str
    detail: str
    remedy: str
    rule: str | None = None
    order_id: str | None = None
    facts: dict[str, Any]


FACT = FactType(
    data=ReferralRefused,
    sent_when="A claim or a completion of a referral is refused.",
    zinrelo=None,  # the dialect has no word for it
    nector=None,  # the dialect has no word for it
    example=lambda: ReferralRefused(
        code="referral.own_link",
        detail="The friend is the member whose link it is.",
        remedy="Share the link with somebody else.",
        facts={"same": "email_address"},
        **example_envelope(),
    ),
)
