"""Check access before it is sealed, and say of it what may be shown.

Nothing here repeats what was given: it is secret, and a refusal is kept and logged.
"""

from collections.abc import Iterator
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from stampbook.delivery.access import AUTHORIZATION, Access, KeyPair
from stampbook.delivery.certificates import CertificateInfo, read_chain, read_key
from stampbook.delivery.secrets import new_secret
from stampbook.dialects import Letter, catalogue
from stampbook.values.egress import is_receiver
from stampbook.values.ids import RequestId
from stampbook.values.instants import EPOCH, Instant

HEADERS_LENGTH_MAX = 16_384
"""Of all names and values together; many receivers take no more."""

RESERVED = frozenset(
    {
        "connection", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding",
        "upgrade", "user-agent", "via", "traceparent", "tracestate",
    }
)  # fmt: skip
RESERVED_BEGINNINGS = ("content-", "proxy-", "webhook-", "stampbook-", "ce-")
"""What a request says of itself, what belongs to the connection, and what a dialect may say."""


class AccessError(Exception):
    """Access that cannot be used: the field, and what is wrong with it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field} {detail}")
        self.field = field
        self.detail = detail


class GrantInfo(Struct, frozen=True, kw_only=True):
    """Where the tokens come from, and for whom."""

    token_url: str
    client_id: str
    scope: str
    audience: str


class AccessInfo(Struct, frozen=True, kw_only=True):
    """How requests get in, without anything that would let somebody else in."""

    header_names: tuple[str, ...]
    basic_user: str | None
    oauth: GrantInfo | None
    client_certificate: CertificateInfo | None
    authorities: tuple[CertificateInfo, ...]


def checked(access: Access, url: str, now: Instant) -> Access:
    """Give access as it is to be sealed: its certificates say no more than they must.

    Units: `now` on the real clock, for certificates that have expired.
    Errors: AccessError.
    """
    _check_headers(access)
    if sum(_authorizations(access)) > 1:
        raise AccessError(
            "access", "has more than one of basic, oauth and a header named authorization."
        )
    if access != Access() and not is_receiver(url):
        raise AccessError("access", "is for http and https: a broker's URL says who comes.")
    if access.oauth is not None and not is_receiver(access.oauth.token_url):
        raise AccessError("access/oauth/token_url", "is no http or https address.")
    if access.client_certificate is not None and not url.lower().startswith("https:"):
        raise AccessError("access/client_certificate", "is shown over https only.")
    return replace(
        access,
        client_certificate=_checked_pair(access.client_certificate, now),
        authority=_checked_authority(access.authority, now),
    )


def shown(access: Access) -> AccessInfo | None:
    """Give what may be shown; None when there is no access beside the signature."""
    if access == Access():
        return None
    grant, pair = access.oauth, access.client_certificate
    return AccessInfo(
        header_names=tuple(access.headers),
        basic_user=None if access.basic is None else access.basic.user,
        oauth=None
        if grant is None
        else GrantInfo(
            token_url=grant.token_url,
            client_id=grant.client_id,
            scope=grant.scope,
            audience=grant.audience,
        ),
        client_certificate=None if pair is None else read_chain(pair.chain, EPOCH).infos[0],
        authorities=() if access.authority is None else read_chain(access.authority, EPOCH).infos,
    )


def _authorizations(access: Access) -> Iterator[bool]:
    yield access.basic is not None
    yield access.oauth is not None
    yield AUTHORIZATION in map(str.lower, access.headers)


def _check_headers(access: Access) -> None:
    names = [name.lower() for name in access.headers]
    for name in names:
        if name in RESERVED | _of_dialects() or name.startswith(RESERVED_BEGINNINGS):
            raise AccessError("access/headers", f"has {name}, which is not for others to set.")
    if len(set(names)) < len(names):
        raise AccessError("access/headers", "has a name twice.")
    if sum(map(len, (*names, *access.headers.values()))) > HEADERS_LENGTH_MAX:
        raise AccessError("access/headers", f"has more than {HEADERS_LENGTH_MAX} characters.")


@cache
def _of_dialects() -> frozenset[str]:
    """Give the headers of every dialect, found by signing something in each."""
    secret = new_secret(bytes)
    signed = (
        dialect.sign(Letter("", b""), [secret], RequestId("0" * 24), EPOCH)
        for dialect in catalogue().values()
    )
    return frozenset(name for headers in signed for name in headers)


def _checked_pair(pair: KeyPair | None, now: Instant) -> KeyPair | None:
    if pair is None:
        return None
    try:
        chain = read_chain(pair.chain, now)
    except ValueError as error:
        raise AccessError("access/client_certificate/chain", f"{error}.") from None
    try:
        return KeyPair(chain=chain.pem, key=read_key(pair.key, chain))
    except ValueError as error:
        raise AccessError("access/client_certificate/key", f"{error}.") from None


def _checked_authority(pem: str | None, now: Instant) -> str | None:
    if pem is None:
        return None
    try:
        return read_chain(pem, now).pem
    except ValueError as error:
        raise AccessError("access/authority", f"{error}.") from None
