"""A request to award, approve, reject or deduct points was refused, and this is why."""

from typing import Any

from stampbook.facts import FactData, FactType
from stampbook.nouns.examples import example_envelope


class PointsRefused(FactData, frozen=True, kw_only=True):
    """Sent for each refused request about a known member; the request changed nothing.

    Shapes: `code` is permanent (`noun.reason`); `detail` and `remedy` are sentences for a person;
    `facts` are the numbers and names that explain the refusal.
    """

    code: str
    detail: str
    remedy: str
    rule: str | None = None
    activity_id: str | None = None
    order_id: str | None = None
    facts: dict[str, Any]


FACT = FactType(
    data=PointsRefused,
    sent_when="A request to award, approve, reject or deduct points is refused.",
    zinrelo=None,  # the dialect has no word for it
    nector=None,  # the dialect has no word for it
    example=lambda: PointsRefused(
        code="activity.cap_reached",
        detail="The member has reached the activity's cap for the period.",
        remedy="Wait for the next period, or raise the cap.",
        rule="Once a day",
        activity_id="visit",
        facts={"per": "day", "times": 1},
        **example_envelope(),
    ),
)
