"""Promises: what a play insists on."""


class BrokenPromiseError(AssertionError):
    """Delivery did what it must not, or did not what it must."""


def must(holds: object, promise: str, *about: object) -> None:
    """Insist on a promise."""
    if not holds:
        raise BrokenPromiseError(f"{promise}: {', '.join(map(str, about))}")
