"""URLs as they may be shown: a broker's may hold a user and a password."""

from urllib.parse import urlsplit


def without_credentials(url: str) -> str:
    """Give a URL without its user and its password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
