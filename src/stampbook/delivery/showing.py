"""Showing an endpoint to whoever may read it: its settings, its keys and how it is, no secret."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from stampbook.core.delivery import Conduct, Ordering
from stampbook.core.health import Health, HealthState
from stampbook.core.secrets import Secret
from stampbook.delivery.access import Access
from stampbook.delivery.check_access import AccessInfo
from stampbook.delivery.check_access import shown as access_shown
from stampbook.delivery.secrets import SecretsUnreadableError, Vault
from stampbook.delivery.subscribing import readable
from stampbook.store.endpoints import Endpoint, EndpointStatus
from stampbook.values.ids import EndpointId
from stampbook.values.instants import Instant, from_ms
from stampbook.values.signatures import Scheme, public_key_of, scheme_of
from stampbook.values.urls import without_credentials


class KeyInfo(Struct, frozen=True, kw_only=True):
    """What signs an endpoint's webhooks now, and what a receiver may know of it.

    Shapes: `public_key` is there for `v1a`; `expires_at` is null for what signs until it is
    rotated.
    """

    signature: Scheme
    public_key: str | None
    expires_at: Instant | None


class HealthInfo(Struct, frozen=True, kw_only=True):
    """How an endpoint is, as its answers tell.

    Shapes: `since` is null when it has always been so; `failures` count in a row; nothing is sent
    before `paused_until`.
    """

    state: HealthState
    since: Instant | None
    failures: int
    paused_until: Instant | None


class EndpointInfo(Struct, frozen=True, kw_only=True):
    """An endpoint, without anything secret."""

    id: EndpointId
    url: str
    """Without user and password."""
    dialect: str
    event_types: tuple[str, ...]
    """Native names; none is everything that the dialect speaks."""
    batch_size: int
    batch_wait_ms: int
    ordering: Ordering
    conduct: Conduct
    status: EndpointStatus
    """What its owner wants; `health` tells how it is."""
    description: str
    only_with: tuple[str, ...]
    """Fields that must have a value for an event to be sent, as the dialect spells them."""
    keys: tuple[KeyInfo, ...]
    """The newest first; none when the server's master key does not open them."""
    access: AccessInfo | None
    """How requests get in beside the signature; null for no such thing, or as for `keys`."""
    health: HealthInfo
    created_at: Instant
    updated_at: Instant


class Watch(Struct, frozen=True, kw_only=True):
    """What it takes to show endpoints. Units: `now_ms` on the real clock."""

    vault: Vault
    healths: Mapping[EndpointId, Health]
    now_ms: int


class Revealed(Struct, frozen=True, kw_only=True):
    """What the owner is told of new secrets, this once; a private key is told to nobody."""

    secret: str | None
    public_key: str | None

    def __repr__(self) -> str:
        return "Revealed(...)"


def shown(endpoint: Endpoint, watch: Watch) -> EndpointInfo:
    """Give what may be read of an endpoint."""
    return EndpointInfo(
        id=endpoint.id,
        url=without_credentials(endpoint.url),
        dialect=endpoint.dialect,
        event_types=endpoint.event_types,
        batch_size=endpoint.batch_size,
        batch_wait_ms=endpoint.batch_wait_ms,
        ordering=endpoint.ordering,
        conduct=endpoint.conduct,
        status=endpoint.status,
        description=endpoint.description,
        only_with=endpoint.only_with,
        keys=tuple(
            _key(one) for one in readable(endpoint.secrets, watch.vault) if one.signs(watch.now_ms)
        ),
        access=access_shown(_access(endpoint, watch.vault)),
        health=_health(watch.healths.get(endpoint.id, Health()), watch.now_ms),
        created_at=endpoint.created_at,
        updated_at=endpoint.updated_at,
    )


def revealed(secrets: Sequence[str]) -> Revealed:
    """Give what the owner of an endpoint is told of its new secrets."""
    by_scheme = {scheme_of(secret): secret for secret in secrets}
    private = by_scheme.get("v1a")
    return Revealed(
        secret=by_scheme.get("v1"),
        public_key=None if private is None else public_key_of(private),
    )


def _key(secret: Secret) -> KeyInfo:
    scheme = scheme_of(secret.secret)
    return KeyInfo(
        signature=scheme,
        public_key=public_key_of(secret.secret) if scheme == "v1a" else None,
        expires_at=None if secret.expires_at_ms is None else from_ms(secret.expires_at_ms),
    )


def _access(endpoint: Endpoint, vault: Vault) -> Access:
    try:
        return vault.open_access(endpoint.access).access
    except SecretsUnreadableError:
        return Access()


def _health(health: Health, now_ms: int) -> HealthInfo:
    paused_ms = health.pause_until_ms
    return HealthInfo(
        state=health.state,
        since=from_ms(health.since_ms) if health.since_ms else None,
        failures=health.failures,
        paused_until=from_ms(paused_ms) if paused_ms > now_ms else None,
    )
