"""A member's balance has not been touched for a while."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import example_envelope
from stampbook.nouns.member import nector_user
from stampbook.nouns.wallet import nector_unused


class PointsUnused(FactData, frozen=True, kw_only=True):
    """Sent once for each time that the balance was left alone for the days of the setting.

    Units: `points` is the balance.
    """

    points: int
    days: int


FACT = FactType(
    data=PointsUnused,
    sent_when="A balance above a minimum was not touched for a number of days.",
    zinrelo=None,  # the dialect has no word for it
    nector=Word(
        "unusedwalletcoinrequest_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_unused(fact.points, fact.member, fact.sequence),
        },
    ),
    example=lambda: PointsUnused(points=210, days=60, **example_envelope()),
)
