"""Subscribing: what an owner may ask of an endpoint, checked, and the endpoint that it makes.

The structures are the requests of the API and what the command line reads its options into.
Source: decisions/0023.
"""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from stampbook.core.delivery import (
    Conduct,
    InFlightMax,
    Ordering,
    RatePerSecond,
    RetryDelays,
    TimeoutSeconds,
    WhenStuck,
)
from stampbook.core.listening import is_listener
from stampbook.core.secrets import Secret, rotated
from stampbook.delivery.access import HIDDEN, Access, Sealed
from stampbook.delivery.check_access import AccessError, checked
from stampbook.delivery.destinations import Destinations, problem_of
from stampbook.delivery.locator import scheme_of as url_scheme_of
from stampbook.delivery.secrets import SecretsUnreadableError, Vault, new_secret
from stampbook.dialects import Dialect, catalogue
from stampbook.store.endpoints import Endpoint, EndpointStatus
from stampbook.store.subscriptions import spoken
from stampbook.values.amounts import Key, Line, Link
from stampbook.values.egress import is_receiver
from stampbook.values.ids import EndpointId
from stampbook.values.instants import Instant, to_ms
from stampbook.values.signatures import SECRETS_MAX, Scheme, key_of, scheme_of, seed_of
from stampbook.values.urls import split_credentials

OVERLAP_HOURS = 24
HTTP_ADDRESS = "an http or https address has a host, and neither a user nor a fragment"

BatchSize = Annotated[int, Meta(ge=1, le=500)]
BatchWaitMs = Annotated[int, Meta(ge=0, le=60_000)]
EventTypes = Annotated[tuple[Key, ...], Meta(max_length=200)]
OnlyWith = Annotated[tuple[Key, ...], Meta(max_length=20)]
SecretText = Annotated[str, Meta(max_length=256, extra_json_schema=HIDDEN)]
OverlapHours = Annotated[int, Meta(ge=0, le=168)]


class EndpointError(Exception):
    """An endpoint cannot be as it is asked for: a permanent code, the field, and why."""

    def __init__(self, code: str, field: str, detail: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.detail = detail


class CreateEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new subscriber. It gets facts that happen from now on."""

    url: Link
    dialect: Key = "native"
    event_types: EventTypes = ()
    """Native names, such as `points.earned`; none is everything that the dialect speaks."""
    batch_size: BatchSize | None = None
    """The most facts of one request; never more than the dialect sends together, and as usual for
    it when absent."""
    batch_wait_ms: BatchWaitMs = 0
    """How long a fact waits for others of its type to travel with, unless the request is full
    before. Only where several travel together."""
    ordering: Ordering = "none"
    """Whose facts arrive strictly one request after another: nobody's, each member's, or all."""
    conduct: Conduct = Conduct()
    description: Line = ""
    only_with: OnlyWith = ()
    """Fields of an event as the dialect spells it, such as `user_mobile` or
    `data.member.email_address`; an event in which one of them has no value is not sent."""
    signature: Scheme = "v1"
    """`v1` is made with a secret that both sides know, `v1a` with a private key, and verified with
    its public half. A dialect with a signature of its own, which needs a secret, sends both."""
    secret: SecretText | None = None
    """A secret to sign with, `whsec_...`, or `whsk_...` for `v1a`; made when absent."""
    access: Access | None = None
    """How requests get in, beside the signature."""


class ConductChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to how an endpoint wants to be treated: a field that is absent stays."""

    retry_delays_seconds: RetryDelays | UnsetType = UNSET
    when_stuck: WhenStuck | UnsetType = UNSET
    in_flight_max: InFlightMax | UnsetType = UNSET
    rate_per_second: RatePerSecond | None | UnsetType = UNSET
    timeout_seconds: TimeoutSeconds | UnsetType = UNSET


class EndpointChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to an endpoint: a field that is absent stays.

    Shapes: while `disabled`, it gets no new facts, and what waits for it is held.
    """

    url: Link | UnsetType = UNSET
    """On another host the endpoint's access must be given anew in the same request."""
    event_types: EventTypes | UnsetType = UNSET
    batch_size: BatchSize | UnsetType = UNSET
    batch_wait_ms: BatchWaitMs | UnsetType = UNSET
    """Holds for facts from the change on."""
    ordering: Ordering | UnsetType = UNSET
    """Holds for facts from the change on."""
    conduct: ConductChanges | UnsetType = UNSET
    status: EndpointStatus | UnsetType = UNSET
    description: Line | UnsetType = UNSET
    only_with: OnlyWith | UnsetType = UNSET
    access: Access | None | UnsetType = UNSET
    """Takes the place of all that was there before; null is none."""


class Rotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new secret for an endpoint, and how long those before sign beside it."""

    overlap_hours: OverlapHours = OVERLAP_HOURS
    """With 0 the secrets before are in force no more, as after one became known."""
    secret: SecretText | None = None
    """The secret to sign with; made when absent."""
    signature: Scheme | None = None
    """To change from one scheme to the other; both sign while they overlap."""


class Workshop(Struct, frozen=True, kw_only=True):
    """What endpoints are made with. Units: `now` on the real clock."""

    vault: Vault
    random_bytes: Callable[[int], bytes]
    destinations: Destinations
    """Where to endpoints may send besides HTTP."""
    now: Instant


class Made(Struct, frozen=True):
    """An endpoint and the secrets that were made for it. Never printed."""

    endpoint: Endpoint
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Made({self.endpoint.id!r}, ...)"


def create(asked: CreateEndpoint, endpoint_id: EndpointId, workshop: Workshop) -> Made:
    """Make an endpoint.

    Errors: EndpointError.
    """
    if asked.dialect not in catalogue():
        raise EndpointError("dialect.unknown", "dialect")
    dialect = catalogue()[asked.dialect]
    url, credentials = _checked_url(asked.url, workshop.destinations)
    secrets = _new_secrets(dialect, asked.signature, asked.secret, workshop)
    endpoint = Endpoint(
        id=endpoint_id,
        url=url,
        dialect=asked.dialect,
        event_types=asked.event_types,
        secrets=workshop.vault.seal(secrets),
        batch_size=asked.batch_size or dialect.usual_size,
        status="active",
        created_at=workshop.now,
        updated_at=workshop.now,
        description=asked.description,
        only_with=asked.only_with,
        ordering=asked.ordering,
        batch_wait_ms=asked.batch_wait_ms,
        conduct=asked.conduct,
        access=_sealed(url, credentials, asked.access, workshop),
    )
    return Made(_checked(endpoint), secrets)


def change(endpoint: Endpoint, asked: EndpointChanges, workshop: Workshop) -> Endpoint:
    """Give what an endpoint becomes.

    Errors: EndpointError.
    """
    given = _given(asked)
    url, access = given.pop("url", UNSET), given.pop("access", UNSET)
    conduct = given.pop("conduct", None)
    if conduct is not None:
        given["conduct"] = replace(endpoint.conduct, **_given(conduct))
    if url is not UNSET or access is not UNSET:
        given |= _led(endpoint, url, access, workshop)
    return _checked(replace(endpoint, **given))


def rotate(endpoint: Endpoint, asked: Rotation, workshop: Workshop) -> Made:
    """Give an endpoint new secrets; those before sign on until the overlap ends.

    Errors: EndpointError.
    """
    before = readable(endpoint.secrets, workshop.vault)
    if asked.overlap_hours and not before:
        raise EndpointError("endpoint.secrets_unreadable", "overlap_hours")
    scheme = asked.signature or signature_of(before)
    new = _new_secrets(catalogue()[endpoint.dialect], scheme, asked.secret, workshop)
    secrets = rotated(before, new, now_ms=to_ms(workshop.now), overlap_hours=asked.overlap_hours)
    if len(secrets) > SECRETS_MAX:
        raise EndpointError("endpoint.secrets_too_many", "overlap_hours")
    return Made(replace(endpoint, secrets=workshop.vault.seal(secrets)), new)


def readable(sealed: str, vault: Vault) -> tuple[Secret, ...]:
    """Give the secrets of an endpoint; none when no master key opens them."""
    try:
        return vault.open(sealed)
    except SecretsUnreadableError:
        return ()


def signature_of(secrets: tuple[Secret, ...]) -> Scheme:
    """Give the scheme by which an endpoint's webhooks are signed, that of its newest secrets."""
    lasting = (scheme_of(one.secret) for one in secrets if one.expires_at_ms is None)
    return "v1a" if "v1a" in lasting else "v1"


def _new_secrets(
    dialect: Dialect, scheme: Scheme, given: str | None, workshop: Workshop
) -> tuple[str, ...]:
    """Give a secret for each scheme that the endpoint signs by, the given one among them."""
    both: tuple[Scheme, ...] = ("v1", "v1a")
    schemes = both if scheme == "v1a" and dialect.shares_secret else (scheme,)
    secrets = {one: new_secret(workshop.random_bytes, one) for one in schemes}
    if given is not None:
        fitting = _checked_scheme(given)
        if fitting not in secrets:
            raise EndpointError(
                "endpoint.secret_invalid", "secret", "The secret is not one for this signature."
            )
        secrets[fitting] = given
    return tuple(secrets.values())


def _checked_scheme(secret: str) -> Scheme:
    try:
        scheme = scheme_of(secret)
        (key_of if scheme == "v1" else seed_of)(secret)
    except ValueError as error:
        raise EndpointError("endpoint.secret_invalid", "secret", _sentence(str(error))) from None
    return scheme


def _checked(endpoint: Endpoint) -> Endpoint:
    """Give an endpoint with no more facts in a request than its dialect sends together."""
    for name in endpoint.event_types:
        if name not in spoken(endpoint.dialect):
            raise EndpointError(
                "fact_type.unknown", "event_types", f"The dialect has no fact {name}."
            )
    batch_size = min(endpoint.batch_size, catalogue()[endpoint.dialect].batch_size)
    if endpoint.batch_wait_ms and batch_size == 1:
        raise EndpointError("endpoint.batching_unavailable", "batch_wait_ms")
    return replace(endpoint, batch_size=batch_size)


def _checked_url(url: str, destinations: Destinations) -> tuple[str, str]:
    """Give a URL as it is stored, and the user and the password of a broker's."""
    if is_listener(url):
        return url, ""
    if url_scheme_of(url) in {"http", "https"}:
        problem = None if is_receiver(url) else HTTP_ADDRESS
    else:
        problem = problem_of(url, destinations)
    if problem is not None:
        raise EndpointError("endpoint.url_invalid", "url", _sentence(problem))
    return split_credentials(url)


def _led(
    endpoint: Endpoint,
    url: str | UnsetType,
    access: Access | None | UnsetType,
    workshop: Workshop,
) -> dict[str, str]:
    """Give where an endpoint leads from now on, and how to get in there."""
    try:
        before = workshop.vault.open_access(endpoint.access)
    except SecretsUnreadableError:
        if access is UNSET or (url is UNSET and not is_receiver(endpoint.url)):
            raise EndpointError("endpoint.secrets_unreadable", "access") from None
        before = Sealed()
    if url is UNSET:
        place, credentials = endpoint.url, before.credentials
    else:
        place, credentials = _checked_url(url, workshop.destinations)
    if access is UNSET:
        if before.access != Access() and _host(place) != _host(endpoint.url):
            raise EndpointError("endpoint.access_elsewhere", "url")
        kept = Sealed(access=before.access, credentials=credentials)
        return {"url": place, "access": workshop.vault.seal_access(kept)}
    return {"url": place, "access": _sealed(place, credentials, access, workshop)}


def _sealed(url: str, credentials: str, access: Access | None, workshop: Workshop) -> str:
    try:
        found = checked(access or Access(), url, workshop.now)
    except AccessError as error:
        detail = f"`{error.field.replace('/', '.')}` {error.detail}"
        raise EndpointError("endpoint.access_invalid", error.field, detail) from None
    return workshop.vault.seal_access(Sealed(access=found, credentials=credentials))


def _host(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _given(asked: EndpointChanges | ConductChanges) -> dict[str, Any]:
    names = ConductChanges if isinstance(asked, ConductChanges) else EndpointChanges
    given = {name: getattr(asked, name) for name in names.__struct_fields__}
    return {name: value for name, value in given.items() if value is not UNSET}
