"""An endpoint was suspended for so long that nothing more is kept for it."""

from stampbook.facts import EndpointFact, FactType
from stampbook.nouns.examples import example_endpoint_envelope


class EndpointDisabled(EndpointFact, frozen=True, kw_only=True):
    """Sent when an endpoint is given up until somebody activates it again."""


FACT = FactType(
    data=EndpointDisabled,
    sent_when="An endpoint was suspended for seven days and is given up until it is activated.",
    zinrelo=None,  # the dialect has no word for it
    nector=None,  # the dialect has no word for it
    example=lambda: EndpointDisabled(**example_endpoint_envelope("disabled", "It timed out.")),
)
