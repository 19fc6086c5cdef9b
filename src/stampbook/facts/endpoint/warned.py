"""An endpoint has been suspended for so long that it will soon be disabled."""

from stampbook.facts import EndpointFact, FactType
from stampbook.nouns.examples import EXAMPLE_NOW, example_endpoint_envelope
from stampbook.values.instants import Instant


class EndpointWarned(EndpointFact, frozen=True, kw_only=True):
    """Sent once, a day at least before a suspended endpoint is disabled."""

    disables_at: Instant
    """It is disabled by the first failed trial from then on."""


FACT = FactType(
    data=EndpointWarned,
    sent_when="An endpoint has been suspended for six days and will be disabled.",
    zinrelo=None,  # the dialect has no word for it
    nector=None,  # the dialect has no word for it
    example=lambda: EndpointWarned(
        disables_at=EXAMPLE_NOW, **example_endpoint_envelope("suspended", "It timed out.")
    ),
)
