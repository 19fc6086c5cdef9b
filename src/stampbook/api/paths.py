"""Paths: which endpoint answers a method of a path."""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

from stampbook.api.problem import METHOD_NOT_ALLOWED, PATH_NOT_FOUND, ProblemError

E = TypeVar("E")

NO_PARAMETERS: Mapping[str, str] = {}


class Paths(Generic[E]):
    """Endpoints by path and method; a path without parameters is found in one look-up.

    Shapes: paths are compared as they were sent, percent-encoded, so that a `%2F` in a key is no
    separator. A literal path hides one with parameters, as OpenAPI prescribes; a key that is
    spelled like a literal is reached by encoding one of its letters.
    """

    def __init__(self) -> None:
        self._literal: dict[bytes, dict[str, E]] = {}
        self._patterns: dict[int, list[tuple[tuple[bytes, ...], dict[str, E]]]] = {}

    def add(self, path: str, method: str, endpoint: E) -> None:
        """Let an endpoint answer a method of a path."""
        pattern = tuple(path.encode().split(b"/"))
        if b"{" not in path.encode():
            methods = self._literal.setdefault(path.encode(), {})
        else:
            same_length = self._patterns.setdefault(len(pattern), [])
            methods = dict(same_length).get(pattern, {})
            if not methods:
                same_length.append((pattern, methods))
        assert method not in methods, (method, path)
        methods[method] = endpoint

    def find(self, method: str, path: bytes) -> tuple[E, Mapping[str, str]]:
        """Give the endpoint, and the path's parameters, decoded. HEAD is answered as GET.

        Errors: ProblemError `path.not_found`, also for a parameter that is no UTF-8;
        `method.not_allowed`, with the Allow header.
        """
        wanted = "GET" if method == "HEAD" else method
        allowed: set[str] = set()
        for methods, parameters in self._matches(path):
            endpoint = methods.get(wanted)
            if endpoint is not None:
                return endpoint, parameters
            allowed.update(methods)
        if not allowed:
            raise ProblemError(PATH_NOT_FOUND)
        allow = ", ".join(sorted(allowed))
        raise ProblemError(
            METHOD_NOT_ALLOWED,
            f"The path answers {allow}.",
            headers=((b"allow", allow.encode()),),
        )

    def _matches(self, path: bytes) -> Iterator[tuple[dict[str, E], Mapping[str, str]]]:
        literal = self._literal.get(path)
        if literal is not None:
            yield literal, NO_PARAMETERS
            return
        segments = path.split(b"/")
        for pattern, methods in self._patterns.get(len(segments), ()):
            parameters: dict[str, str] = {}
            for part, segment in zip(pattern, segments, strict=True):
                if part[:1] == b"{":
                    value = _decoded(segment)
                    if not value:
                        break
                    parameters[part[1:-1].decode()] = value
                elif part != segment:
                    break
            else:
                yield methods, parameters


def _decoded(segment: bytes) -> str | None:
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return None
