"""An endpoint that had failed is healthy again."""

from stampbook.facts import EndpointFact, FactType
from stampbook.nouns.examples import example_endpoint_envelope


class EndpointRecovered(EndpointFact, frozen=True, kw_only=True):
    """Sent when an endpoint is healthy again; what was held for it is on its way."""


FACT = FactType(
    data=EndpointRecovered,
    sent_when="An endpoint that failed is healthy again.",
    zinrelo=None,  # the dialect has no word for it
    nector=None,  # the dialect has no word for it
    example=lambda: EndpointRecovered(**example_endpoint_envelope("healthy", "It answered 204.")),
)
