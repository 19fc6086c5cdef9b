"""Access: how a request gets into an endpoint, beside the signature that says who sent it.

It is asked for and sealed in one shape, and never shown again. Source: decisions/0023.
"""

from base64 import b64encode
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import asdict

from stampbook.delivery.credentials import ClientCertificate, ClientCredentials
from stampbook.values.amounts import Link

HEADERS_MAX = 20
AUTHORIZATION = "authorization"

TOKEN = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$(?!\n)"  # noqa: S105 - RFC 9110 calls such a word a token
FIELD_VALUE = r"^[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?$(?!\n)"
PRINTABLE = r"^[\x20-\x7e]*$(?!\n)"
USER = r"^[^:\x00-\x1f\x7f]+$(?!\n)"
PASSWORD = r"^[^\x00-\x1f\x7f]*$(?!\n)"  # noqa: S105 - what one may look like

HIDDEN = {"writeOnly": True, "format": "password"}

HeaderName = Annotated[str, Meta(max_length=64, pattern=TOKEN)]
HeaderValue = Annotated[
    str, Meta(max_length=4096, pattern=FIELD_VALUE, extra_json_schema={"writeOnly": True})
]
Printable = Annotated[str, Meta(max_length=1024, pattern=PRINTABLE)]
Pem = Annotated[str, Meta(max_length=65_536)]


class BasicLogin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user and a password, sent as `Authorization: Basic`. Source: RFC 7617."""

    user: Annotated[str, Meta(min_length=1, max_length=256, pattern=USER)]
    password: Annotated[str, Meta(max_length=1024, pattern=PASSWORD, extra_json_schema=HIDDEN)]

    def __repr__(self) -> str:
        return f"BasicLogin(user={self.user!r}, ...)"


class ClientGrant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """OAuth2 client credentials: a token is fetched and sent as `Authorization: Bearer`.

    Source: RFC 6749, 4.4.
    """

    token_url: Link
    client_id: Annotated[str, Meta(min_length=1, max_length=1024, pattern=PRINTABLE)]
    client_secret: Annotated[
        str, Meta(min_length=1, max_length=1024, pattern=PRINTABLE, extra_json_schema=HIDDEN)
    ]
    scope: Printable = ""
    audience: Printable = ""
    authenticate_in: Literal["header", "form"] = "header"
    """Where the token endpoint wants the client's id and secret."""

    def __repr__(self) -> str:
        return f"ClientGrant({self.token_url!r}, ...)"


class KeyPair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate that is shown to the receiver, and the key that proves it, both as PEM.

    Shapes: `chain` begins with the certificate itself, followed by those that vouch for it; the key
    is not encrypted.
    """

    chain: Pem
    key: Annotated[str, Meta(max_length=16_384, extra_json_schema={"writeOnly": True})]

    def __repr__(self) -> str:
        return "KeyPair(...)"


class Access(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How to get in. At most one of `basic`, `oauth` and a header `authorization`."""

    headers: Annotated[dict[HeaderName, HeaderValue], Meta(max_length=HEADERS_MAX)] = {}
    """Sent with every request as they are."""
    basic: BasicLogin | None = None
    oauth: ClientGrant | None = None
    client_certificate: KeyPair | None = None
    """Shown over https to a receiver that asks for one."""
    authority: Pem | None = None
    """Certificates as PEM: the only authorities that may vouch for the receiver, in place of those
    that the server trusts."""

    def __repr__(self) -> str:
        return "Access(...)"


class Sealed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sealed of how to get in.

    Shapes: `credentials` are the user and the password of a broker's URL, as they are written in
    it; the endpoint's own URL is without them.
    """

    access: Access = Access()
    credentials: str = ""

    def __repr__(self) -> str:
        return "Sealed(...)"


class Entrance(Struct, frozen=True):
    """Access as requests carry it, made ready once for all of them. Never printed."""

    credentials: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    oauth: ClientCredentials | None = None
    client_certificate: ClientCertificate | None = None
    authority: str | None = None

    def __repr__(self) -> str:
        return "Entrance(...)"


def entrance_of(sealed: Sealed) -> Entrance:
    """Make access ready."""
    access = sealed.access
    headers = tuple(access.headers.items())
    if access.basic is not None:
        pair = f"{access.basic.user}:{access.basic.password}".encode()
        headers = (*headers, (AUTHORIZATION, f"Basic {b64encode(pair).decode()}"))
    grant, identity = access.oauth, access.client_certificate
    return Entrance(
        credentials=sealed.credentials,
        headers=headers,
        oauth=None if grant is None else ClientCredentials(**asdict(grant)),
        client_certificate=None if identity is None else ClientCertificate(**asdict(identity)),
        authority=access.authority,
    )
