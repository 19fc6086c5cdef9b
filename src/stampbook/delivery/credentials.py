"""Credentials: how a sender shows a receiver who it is, apart from the signature."""

from typing import Literal

from msgspec import Struct


class ClientCertificate(Struct, frozen=True, kw_only=True):
    """A certificate that is shown to the receiver, and the key that proves it.

    Shapes: PEM; `chain` begins with the certificate itself; `key` is not encrypted. Never printed.
    """

    chain: str
    key: str

    def __repr__(self) -> str:
        return "ClientCertificate(...)"


class ClientCredentials(Struct, frozen=True, kw_only=True):
    """What a token endpoint gives a token for.

    Shapes: an empty `scope` or `audience` is not asked for; the secret travels in a header, or in
    the form for an endpoint that wants it there. Never printed.

    Source: RFC 6749, 2.3.1 and 4.4.
    """

    token_url: str
    client_id: str
    client_secret: str
    scope: str = ""
    audience: str = ""
    authenticate_in: Literal["header", "form"] = "header"

    def __repr__(self) -> str:
        return f"ClientCredentials({self.token_url}, ...)"
