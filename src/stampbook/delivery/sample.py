"""A sample: the example of a fact, written and signed as an endpoint gets what has happened."""

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.lease import EndpointKey, Leased
from stampbook.delivery.call import Request, Response
from stampbook.delivery.posts import Posts
from stampbook.delivery.prepare import CONTENT_TYPE, SEQUENCE, prepare
from stampbook.delivery.secrets import SECRET_BYTES, Vault
from stampbook.delivery.sender import Sender
from stampbook.dialects import Dialect, Letter, StoredFact, catalogue, example_of
from stampbook.facts import catalogue as facts
from stampbook.nouns.business import Business
from stampbook.store.endpoints import Endpoint
from stampbook.store.subscriptions import spoken
from stampbook.values.ids import ID_DIGITS, FactId, ProgramId, RequestId
from stampbook.values.instants import Instant
from stampbook.values.json import decode, encode_text
from stampbook.values.signatures import secret_of

TEST = "stampbook-test"
"""The header by which a receiver tells a sample; nothing that happened has it."""
CAUSE = "test"
"""What a sample names as its cause, in a dialect that names one."""
USUAL = "points.earned"
WAIT_SECONDS = 1.0

Send = Callable[[Request], Response]
"""Sends one request, wherever its URL leads, and gives what came of it."""


class Sample(Struct, frozen=True, kw_only=True):
    """A request that tells of nothing that happened, and those of its headers that may be shown.

    Shapes: what lets it in beside the signature is not among them.
    """

    fact: StoredFact
    request: Request
    headers: Mapping[str, str]


def usual_type(endpoint: Endpoint) -> str:
    """Give a fact that an endpoint is sent, the one that it is most likely made for."""
    chosen = sorted(spoken(endpoint.dialect).intersection(endpoint.event_types))
    if not chosen:
        chosen = sorted(spoken(endpoint.dialect))
    return USUAL if USUAL in chosen else chosen[0]


def sample_of(
    program_id: ProgramId,
    endpoint: Endpoint,
    fact_type: str,
    business: Business | None,
    *,
    vault: Vault,
    new_id: Callable[[], str],
    now: Instant,
) -> Sample:
    """Write and sign the example of a fact for an endpoint whose dialect has a word for it.

    Shapes: it has no number, because receivers look for gaps in those.
    """
    dialect = catalogue()[endpoint.dialect]
    fact = _example(fact_type, FactId(new_id()), now)
    leased = Leased(
        endpoint=EndpointKey(program_id, endpoint.id),
        url=endpoint.url,
        dialect=endpoint.dialect,
        secrets=endpoint.secrets,
        access=endpoint.access,
        lease_id="",
        until_ms=0,
        due_at_ms=0,
        request_id=RequestId(new_id()),
        sequence=0,
        number=1,
        delivery_ids=(),
        facts=(fact,),
        business=business if dialect.names_business else None,
    )
    prepared = prepare(leased, vault, now)
    headers = tuple(each for each in prepared.headers if each[0] != SEQUENCE)
    request = replace(prepared, headers=(*headers, (TEST, "true")))
    shown = {CONTENT_TYPE, TEST, *_signature_names(dialect, now)}
    return Sample(
        fact=fact,
        request=request,
        headers={name: value for name, value in request.headers if name in shown},
    )


def send_once(sender: Sender[str] | Posts[str], request: Request) -> Response:
    """Send a request, wait for what comes of it, and close the sender."""
    try:
        sender.start(TEST, request)
        while True:  # ends with the time-out of the call
            for _, response in sender.wait(WAIT_SECONDS):
                return response
    finally:
        sender.close()


def _example(fact_type: str, fact_id: FactId, now: Instant) -> StoredFact:
    kind = facts()[fact_type]
    fact = example_of(kind, fact_id)
    data = replace(decode(fact.body, kind.data), cause=CAUSE)
    return replace(fact, cause=CAUSE, occurred_at=now, recorded_at=now, body=encode_text(data))


def _signature_names(dialect: Dialect, now: Instant) -> set[str]:
    """Give the headers that a dialect signs with."""
    secret = secret_of(bytes(SECRET_BYTES))
    return set(dialect.sign(Letter("", b""), [secret], RequestId("0" * ID_DIGITS), now))
