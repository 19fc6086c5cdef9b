"""Errors: what a command cannot do is said on stderr in two lines, never as a traceback."""

import sys

FAILED = 1
MISUSED = 2
INTERRUPTED = 130
"""Exit codes: a refusal or a failure; a wrong option; Ctrl-C."""


class CommandError(Exception):
    """The command cannot do what it was asked: what is wrong, and what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def complain(message: str, remedy: str) -> None:
    """Say on stderr what is wrong and what to do about it."""
    print(f"{message}\nRemedy: {remedy}", file=sys.stderr)


def sentence(error: Exception) -> str:
    """Give the first line of what an error says as a sentence."""
    line = str(error).partition("\n")[0].rstrip(".")
    return f"{line[:1].upper()}{line[1:]}."
