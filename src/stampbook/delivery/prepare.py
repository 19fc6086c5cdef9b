"""Prepare: from a lease to the request that goes over the wire."""

from stampbook.core.lease import Leased
from stampbook.delivery.call import Request
from stampbook.delivery.secrets import Vault
from stampbook.dialects import catalogue
from stampbook.values.instants import Instant

CONTENT_TYPE = ("content-type", "application/json")


def prepare(leased: Leased, vault: Vault, now: Instant) -> Request:
    """Render a lease in its endpoint's dialect and sign it.

    Units: `now` is the real time of the try; it is signed, and a receiver refuses an old one.
    Errors: SecretsUnreadableError; KeyError for a dialect that is no longer there; whatever a
    dialect raises for a fact that it cannot render.
    """
    dialect = catalogue()[leased.dialect]
    letter = dialect.render(leased.facts, leased.request_id, leased.business)
    signed = dialect.sign(letter, vault.open(leased.secrets), leased.request_id, now)
    return Request(url=leased.url, headers=(CONTENT_TYPE, *signed.items()), body=letter.body)
