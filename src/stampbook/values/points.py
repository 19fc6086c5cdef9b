"""Points: whole numbers with an upper bound that fits every store and every JSON reader."""

from typing import Annotated

from msgspec import Meta

POINTS_MAX = 1_000_000_000_000
"""Units: points. Far under 2**53, so a JavaScript reader keeps every digit."""

Points = Annotated[int, Meta(ge=0, le=POINTS_MAX)]
SomePoints = Annotated[int, Meta(ge=1, le=POINTS_MAX)]
