"""Tiers: the levels of the program, lowest first."""

from msgspec import Struct

from stampbook.api.desk import Desk
from stampbook.api.route import Answer
from stampbook.core.definition import Tiers


class ReadTiers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tiers of the definition in force."""


def read_tiers(desk: Desk, asked: ReadTiers) -> Tiers:
    """Give the tiers and how members move between them."""
    del asked
    with desk.present() as present:
        return present.program.definition.tiers


ROUTES = (
    Answer(
        method="GET",
        path="/v1/tiers",
        summary="Read the tiers",
        scope="read",
        asks=ReadTiers,
        gives=Tiers,
        answers=read_tiers,
    ),
)
