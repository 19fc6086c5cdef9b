"""URLs as they may be shown and stored: a broker's may hold a user and a password."""

SCHEME_END = "://"


def without_credentials(url: str) -> str:
    """Give a URL without its user and its password."""
    return split_credentials(url)[0]


def split_credentials(url: str) -> tuple[str, str]:
    """Give a URL without its user and its password, and both of them as they are written in it."""
    scheme, found, rest = url.partition(SCHEME_END)
    authority, end, path = _authority(rest)
    credentials, _, hosts = authority.rpartition("@")
    return f"{scheme}{found}{hosts}{end}{path}", credentials


def with_credentials(url: str, credentials: str) -> str:
    """Give a URL with a user and a password that were split off."""
    scheme, found, rest = url.partition(SCHEME_END)
    return f"{scheme}{found}{credentials}@{rest}" if credentials else url


def _authority(rest: str) -> tuple[str, str, str]:
    """Split what follows a scheme where its hosts end."""
    ends = [at for at in map(rest.find, "/?#") if at >= 0]
    if not ends:
        return rest, "", ""
    end = min(ends)
    return rest[:end], rest[end], rest[end + 1 :]
