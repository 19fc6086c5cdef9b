"""A locator: a broker's URL, taken apart; what its parts mean is said by its destination.

Everything that is wrong with one is said without repeating any of it, because it may hold a
password.
"""

from collections.abc import Collection
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

SCHEME_END = "://"
HIDDEN = "***"
PORTS = range(1, 65_536)


class Host(Struct, frozen=True):
    """A host as a certificate names it, and the port, None when the URL does not say."""

    name: str
    port: int | None


class Locator(Struct, frozen=True, kw_only=True):
    """The parts of a URL.

    Shapes: one host or more; `user`, `password` and `path` are decoded, and `path` is without the
    slash that leads to it; each setting is there once.
    """

    scheme: str
    user: str | None
    password: str | None
    hosts: tuple[Host, ...]
    path: str
    settings: dict[str, str]

    def only_host(self) -> Host:
        """Give the host.

        Errors: ValueError when there are several.
        """
        if len(self.hosts) != 1:
            raise ValueError("the URL names more than one host")
        return self.hosts[0]

    def allow(self, names: Collection[str]) -> None:
        """Refuse every setting that is not named, so that no misspelt one goes unseen.

        Errors: ValueError.
        """
        if not self.settings.keys() <= set(names):
            known = ", ".join(sorted(names)) or "none"
            raise ValueError(f"the URL has an unknown setting after its question mark: {known}")


def scheme_of(url: str) -> str:
    """Give a URL's scheme in lower case; empty when it has none."""
    scheme, found, _ = url.partition(SCHEME_END)
    return scheme.lower() if found else ""


def locate(url: str) -> Locator:
    """Take a URL apart.

    Errors: ValueError, with what is wrong.
    """
    scheme = scheme_of(url)
    if not scheme or not (url.isascii() and url.isprintable()) or " " in url:
        raise ValueError("the URL is malformed")
    authority, _, rest = url.partition(SCHEME_END)[2].partition("/")
    if "?" in authority or "#" in url:
        raise ValueError("the URL is malformed")
    user, password, hosts = _split_user(authority)
    path, _, query = rest.partition("?")
    return Locator(
        scheme=scheme,
        user=user,
        password=password,
        hosts=tuple(_host(text) for text in hosts.split(",")),
        path=unquote(path),
        settings=_settings(query),
    )


def masked(url: str) -> str:
    """Give a URL for people to read: what opens the broker is hidden.

    Shapes: a user without a password is a token, and is hidden too.
    """
    scheme, found, rest = url.partition(SCHEME_END)
    authority, slash, path = rest.partition("/")
    credentials, at, hosts = authority.rpartition("@")
    if not at:
        return url
    user, colon, _ = credentials.partition(":")
    return f"{scheme}{found}{user + colon if colon else ''}{HIDDEN}@{hosts}{slash}{path}"


def _split_user(authority: str) -> tuple[str | None, str | None, str]:
    credentials, at, hosts = authority.rpartition("@")
    if not at:
        return None, None, hosts
    user, colon, password = credentials.partition(":")
    if HIDDEN in (user, password):
        raise ValueError("the URL has a hidden password: write the real one")
    return unquote(user), unquote(password) if colon else None, hosts


def _host(text: str) -> Host:
    try:
        parts = urlsplit(f"//{text}")
        name, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("the URL has a host or a port that is none") from None
    if not name or parts.netloc != text or (port is not None and port not in PORTS):
        raise ValueError("the URL has a host or a port that is none")
    return Host(name, port)


def _settings(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, strict_parsing=bool(query), keep_blank_values=True)
    except ValueError:
        raise ValueError("what follows the question mark of the URL is malformed") from None
    if len(dict(pairs)) != len(pairs):
        raise ValueError("the URL has a setting twice")
    return dict(pairs)
