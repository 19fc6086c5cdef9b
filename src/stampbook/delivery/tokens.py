"""Tokens: what a receiver behind OAuth2 wants to see, kept until shortly before it is no more.

One fetch serves all requests that wait for its token. What goes wrong is told by its status and
never by what the endpoint wrote, because that may quote the secret.

Source: RFC 6749, 2.3.1, 4.4 and 5; RFC 6750.
"""

import base64
from typing import NamedTuple
from urllib.parse import quote_plus, urlencode

import msgspec
from msgspec import Struct

from stampbook.delivery.call import Request, Response
from stampbook.delivery.credentials import ClientCredentials

TOKENS_MAX = 1_024
TOKEN_LENGTH_MAX = 16_384
ANSWER_BYTES_MAX = 32_768
SECONDS_UNSAID = 300.0
"""How long a token is good for whose endpoint does not say."""
SECONDS_MAX = 86_400.0
MARGIN_SECONDS_MAX = 30.0
MARGIN_SHARE = 0.1
"""A token is given up this part of its life earlier, at most the seconds above: a request takes
its time, and clocks differ."""
SUCCESS = range(200, 300)


class _Answer(Struct, frozen=True):
    """Shapes: some endpoints write the seconds as a text."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the kind of a token is no secret
    expires_in: float | None = None


class Granted(NamedTuple):
    """A token, and for how long it may be used. Units: seconds."""

    token: str
    seconds: float


class Fetches(NamedTuple):
    """How many fetches brought a token, and how many brought none."""

    fetched: int = 0
    failed: int = 0


class Tokens:
    """The tokens at hand. Pure: knows no requests, and is told the time."""

    def __init__(self) -> None:
        self._kept: dict[ClientCredentials, tuple[str, float]] = {}

    def find(self, credentials: ClientCredentials, now: float) -> str | None:
        """Give a token that is good for a while, or None."""
        token, until = self._kept.get(credentials, ("", now))
        return token if until > now else None

    def keep(self, credentials: ClientCredentials, granted: Granted, now: float) -> None:
        """Remember a token for as long as it may be used."""
        self._kept.pop(credentials, None)  # so that the oldest is the first
        while len(self._kept) >= TOKENS_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[credentials] = (granted.token, now + granted.seconds)

    def drop(self, credentials: ClientCredentials, token: str) -> None:
        """Forget a token that was refused, unless it is no longer the one at hand."""
        if self._kept.get(credentials, ("", 0.0))[0] == token:
            del self._kept[credentials]


def fetch(credentials: ClientCredentials) -> Request:
    """Ask for a token."""
    form = {"grant_type": "client_credentials"}
    form |= {"scope": credentials.scope} if credentials.scope else {}
    form |= {"audience": credentials.audience} if credentials.audience else {}
    headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "application/json"),
    ]
    if credentials.authenticate_in == "form":
        form |= {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
    else:
        pair = f"{quote_plus(credentials.client_id)}:{quote_plus(credentials.client_secret)}"
        headers.append(("authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
    body = urlencode(form).encode()
    return Request(url=credentials.token_url, headers=tuple(headers), body=body)


def read(response: Response) -> Granted | str:
    """Read what a token endpoint answered: a token, or what is wrong."""
    if response.status_code is None:
        return f"the token endpoint: {response.error}"
    if response.status_code not in SUCCESS:
        return f"the token endpoint answered {response.status_code}"
    try:
        answer = msgspec.json.decode(response.excerpt, type=_Answer, strict=False)
    except msgspec.MsgspecError:
        return "the token endpoint answered without a token"
    token = answer.access_token
    is_printable = token.isascii() and token.isprintable() and " " not in token
    if not token or not is_printable or len(token) > TOKEN_LENGTH_MAX:
        return "the token endpoint answered with a token that cannot be sent"
    if answer.token_type.lower() != "bearer":
        return "the token endpoint answered with a token of an unknown type"
    seconds = min(SECONDS_UNSAID if answer.expires_in is None else answer.expires_in, SECONDS_MAX)
    return Granted(token, seconds - min(MARGIN_SECONDS_MAX, seconds * MARGIN_SHARE))


def with_token(request: Request, token: str) -> Request:
    """Give the request that shows a token, in place of any other authorization."""
    others = (one for one in request.headers if one[0].lower() != "authorization")
    return msgspec.structs.replace(request, headers=(*others, ("authorization", f"Bearer {token}")))
