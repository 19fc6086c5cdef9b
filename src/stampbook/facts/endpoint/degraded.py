"""An endpoint failed several requests in a row and gets one at a time now."""

from stampbook.facts import EndpointFact, FactType
from stampbook.nouns.examples import example_endpoint_envelope


class EndpointDegraded(EndpointFact, frozen=True, kw_only=True):
    """Sent when an endpoint that was healthy no longer is; what is sent to it goes one by one."""


FACT = FactType(
    data=EndpointDegraded,
    sent_when="An endpoint fails several requests in a row and gets one request at a time.",
    zinrelo=None,  # the dialect has no word for it
    nector=None,  # the dialect has no word for it
    example=lambda: EndpointDegraded(**example_endpoint_envelope("degraded", "It answered 500.")),
)
