"""An endpoint kept failing, or said that it is gone; what waits for it is held."""

from stampbook.facts import EndpointFact, FactType
from stampbook.nouns.examples import example_endpoint_envelope


class EndpointSuspended(EndpointFact, frozen=True, kw_only=True):
    """Sent when only trials are sent to an endpoint; nothing that waits for it is dropped."""


FACT = FactType(
    data=EndpointSuspended,
    sent_when="An endpoint keeps failing, or answers 410, and what waits for it is held.",
    zinrelo=None,  # the dialect has no word for it
    nector=None,  # the dialect has no word for it
    example=lambda: EndpointSuspended(**example_endpoint_envelope("suspended", "It answered 410.")),
)
