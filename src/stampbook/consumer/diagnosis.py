"""Diagnosis: what each signature of a request says, and what may have spoiled one that fits not.

It is for a developer who looks at a request. A guess that makes a signature fit explains what
happened to the body on its way; it never makes a request genuine.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Literal

import msgspec
from msgspec import Struct

from .errors import (
    CryptographyMissingError,
    NoMatchingSignatureError,
    NotGenuineError,
    UnusableSecretError,
)
from .headers import WEBHOOK_SIGNATURE, Found, Headers
from .message import DialectName
from .signatures import PUBLIC, Secrets, Signed, secret_list, verify
from .vendors import NECTOR_SIGNATURE, ZINRELO_SIGNATURE, verify_nector, verify_zinrelo

Verdict = Literal["genuine", "refused", "not checked"]
BOM = b"\xef\xbb\xbf"
CONTENT_TYPE = "content-type"
CLOUDEVENTS = "application/cloudevents"
"""How the media types of one event and of a batch begin."""


class Finding(Struct, frozen=True, kw_only=True):
    """What one signature says.

    Shapes: `code` and `reason` are set unless it is genuine, `signed` only then; `hint` is what
    may have happened, empty when nobody can tell.
    """

    header: str
    verdict: Verdict
    code: str = ""
    reason: str = ""
    hint: str = ""
    signed: Signed | None = None


Check = Callable[[bytes], Signed]


def diagnose(
    dialect: DialectName,
    headers: Headers,
    body: bytes,
    secrets: Secrets,
    *,
    now: float,
    tolerance_seconds: float,
) -> list[Finding]:
    """Say of each signature that the dialect has whether it is genuine, or what is wrong with it.

    Units: `now` is seconds since 1970; with an infinite tolerance age does not matter.
    """
    found = Found(headers)
    shared = [secret for secret in secret_list(secrets) if not secret.startswith(PUBLIC)]
    clock = {"now": now, "tolerance_seconds": tolerance_seconds}
    checks: dict[str, Check] = {
        WEBHOOK_SIGNATURE: lambda content: verify(content, found, secrets, **clock)
    }
    if dialect == "zinrelo":
        checks[ZINRELO_SIGNATURE] = lambda content: verify_zinrelo(content, found, shared, **clock)
    elif dialect == "nector":
        checks[NECTOR_SIGNATURE] = lambda content: verify_nector(content, found, shared)
    return [
        Finding(header=header, verdict="not checked", reason="it is made with a shared secret")
        if header != WEBHOOK_SIGNATURE and not shared
        else _finding(header, check, body)
        for header, check in checks.items()
    ]


def dialect_of(headers: Headers) -> DialectName:
    """Tell by its headers which dialect a request is of."""
    found = Found(headers)
    if found.find(ZINRELO_SIGNATURE) is not None:
        return "zinrelo"
    if found.find(NECTOR_SIGNATURE) is not None:
        return "nector"
    media_type = found.find(CONTENT_TYPE) or ""
    return "cloudevents" if media_type.startswith(CLOUDEVENTS) else "native"


def _finding(header: str, check: Check, body: bytes) -> Finding:
    refused = partial(Finding, header=header, verdict="refused")
    try:
        return Finding(header=header, verdict="genuine", signed=check(body))
    except NoMatchingSignatureError as error:
        return refused(code=error.code, reason=str(error), hint=_guess(check, body))
    except (NotGenuineError, UnusableSecretError, CryptographyMissingError) as error:
        return refused(code=error.code, reason=str(error))


def _guess(check: Check, body: bytes) -> str:
    """Find what would have to be undone for the signature to fit."""
    for what, content in _undone(body).items():
        try:
            fits = content != body and bool(check(content))
        except NoMatchingSignatureError:
            continue
        except NotGenuineError:  # it fits, and is too old
            fits = True
        if fits:
            return f"it fits {what}: verify the raw body, before anything reads or saves it as text"
    return ""


def _undone(body: bytes) -> Mapping[str, bytes]:
    guesses = {
        "the body without its last line break": body.removesuffix(b"\n").removesuffix(b"\r"),
        "the body with a line break at its end": body + b"\n",
        "the body with the line breaks of Unix": body.replace(b"\r\n", b"\n"),
        "the body with the line breaks of Windows": body.replace(b"\n", b"\r\n"),
        "the body without its byte order mark": body.removeprefix(BOM),
        "the body without the space around it": body.strip(),
    }
    return guesses | dict(_written_again(body))


def _written_again(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Write JSON as our senders do: compact, in UTF-8."""
    what = "the body as compact JSON"
    try:
        yield what, msgspec.json.format(body, indent=-1)
        tree = json.loads(body)
        yield (
            f"{what} in UTF-8",
            json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode(),
        )
    except (msgspec.DecodeError, ValueError, RecursionError):
        return
