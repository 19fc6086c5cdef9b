"""Prepare: from a lease to the request that goes over the wire."""

from stampbook.core.lease import Leased
from stampbook.core.secrets import in_force
from stampbook.delivery.call import Request
from stampbook.delivery.secrets import Vault
from stampbook.dialects import Dialect, catalogue
from stampbook.values.ids import RequestId
from stampbook.values.instants import Instant, to_ms
from stampbook.values.urls import with_credentials

CONTENT_TYPE = "content-type"
SEQUENCE = "stampbook-sequence"
MS_PER_SECOND = 1000


def prepare(leased: Leased, vault: Vault, now: Instant) -> Request:
    """Render a lease in its endpoint's dialect, sign it, and add what lets it in.

    Units: `now` is the real time of the try; it is signed, and a receiver refuses an old one; and
    it decides which secrets sign.
    Errors: SecretsUnreadableError; KeyError for a dialect that is no longer there; whatever a
    dialect raises for a fact that it cannot render.
    """
    dialect = catalogue()[leased.dialect]
    message_id = message_id_of(dialect, leased)
    letter = dialect.render(leased.facts, message_id, leased.business)
    secrets = in_force(vault.open(leased.secrets), to_ms(now))
    signed = dialect.sign(letter, secrets, message_id, now)
    entrance = vault.entrance(leased.access)
    return Request(
        url=with_credentials(leased.url, entrance.credentials),
        headers=(
            (CONTENT_TYPE, letter.content_type),
            *signed.items(),
            (SEQUENCE, str(leased.sequence)),
            *entrance.headers,
        ),
        body=letter.body,
        total_timeout_ms=leased.conduct.timeout_seconds * MS_PER_SECOND,
        oauth=entrance.oauth,
        client_certificate=entrance.client_certificate,
        authority=entrance.authority,
        key=leased.order_key,
    )


def message_id_of(dialect: Dialect, leased: Leased) -> RequestId:
    """Give what a receiver tells a repetition by.

    Shapes: a dialect that sends facts one by one gives the fact's own id, the same in the feed and
    on a replay; one that sends several gives the request's, and each event has the fact's id.
    """
    if dialect.batch_size == 1:
        return RequestId(leased.facts[0].id)
    return leased.request_id
