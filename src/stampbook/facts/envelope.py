"""The envelope: a fact as declared, on its way, in the native dialect and in the schemas."""

from msgspec import Raw, Struct

from stampbook.values.instants import Instant


class Envelope(Struct, frozen=True, kw_only=True):
    """A fact's name, when it happened, and its data.

    Source: the Standard Webhooks specification, payload structure.
    """

    type: str
    timestamp: Instant
    data: Raw
    """The fact's structure as stored; it is sent as is."""
