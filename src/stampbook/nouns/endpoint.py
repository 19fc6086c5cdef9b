"""An endpoint, as the facts about it show it to whoever runs the program."""

from typing import Literal

from msgspec import Struct

from stampbook.values.ids import EndpointId
from stampbook.values.instants import Instant

HealthName = Literal["healthy", "degraded", "suspended", "disabled"]


class EndpointHealth(Struct, frozen=True, kw_only=True):
    """An endpoint and how it is.

    Shapes: while `suspended` what waits for it is held and one request at a time is tried; while
    `disabled` nothing is kept for it, and activating it brings what it missed.
    """

    id: EndpointId
    url: str
    """Without user and password."""
    dialect: str
    description: str
    health: HealthName
    since: Instant
