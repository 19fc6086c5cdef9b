"""Amounts and other texts as callers send them, with their limits."""

from typing import Annotated, Any

from msgspec import Meta

NO_CONTROL = r"^[^\x00-\x1f\x7f]*$(?!\n)"
"""Keys and names are one line: PostgreSQL stores no NUL, and a line break in a key is a mistake.

Shapes: `$` alone also stands before a line break at the end.
"""
SOMETHING = r"^[^\x00-\x1f\x7f]+$(?!\n)"

Key = Annotated[str, Meta(min_length=1, max_length=128, pattern=SOMETHING)]
Line = Annotated[str, Meta(max_length=256, pattern=NO_CONTROL)]
Text = Annotated[str, Meta(max_length=4000)]
Link = Annotated[str, Meta(max_length=2048, pattern=NO_CONTROL)]
Tag = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_CONTROL)]
Tags = Annotated[tuple[Tag, ...], Meta(max_length=64)]

AmountText = Annotated[str, Meta(max_length=32, pattern=r"^\s*-?[0-9]+(\.[0-9]+)?\s*$")]
Amount = int | float | AmountText
"""A number as the caller sent it; its type is kept."""

Attributes = dict[Annotated[str, Meta(max_length=64, pattern=NO_CONTROL)], Any]
"""Open attributes by name; at most ATTRIBUTES_MAX of them."""

ATTRIBUTES_MAX = 64
