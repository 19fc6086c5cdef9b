"""A diagnosis says what has to be undone for a signature to fit, and never makes it fit."""

import json
import math
from collections.abc import Callable

import pytest

from stampbook.consumer.diagnosis import diagnose, dialect_of
from stampbook.values.instants import from_ms
from stampbook.values.signatures import secret_of, sign_webhook
from tests.consumer.vectors import VECTORS

SECRET = secret_of(bytes(range(32)))
NOW = 1_777_887_016
TREE = {"type": "tier.renewed", "data": {"name": "Größe"}}
COMPACT = json.dumps(TREE, separators=(",", ":"), ensure_ascii=False).encode()
LINES = b'{\n  "type": "tier.renewed"\n}'

SPOILED: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "without its last line break": (LINES, lambda body: body + b"\r\n"),
    "with a line break at its end": (LINES + b"\n", bytes.rstrip),
    "with the line breaks of Unix": (LINES, lambda body: body.replace(b"\n", b"\r\n")),
    "with the line breaks of Windows": (
        LINES.replace(b"\n", b"\r\n"),
        lambda body: body.replace(b"\r\n", b"\n"),
    ),
    "without its byte order mark": (LINES, lambda body: b"\xef\xbb\xbf" + body),
    "without the space around it": (LINES, lambda body: b" " + body + b" "),
    "as compact JSON": (COMPACT, lambda _: json.dumps(TREE, ensure_ascii=False).encode()),
    "as compact JSON in UTF-8": (COMPACT, lambda _: json.dumps(TREE).encode()),
}


def hint(signed: bytes, got: bytes, age_seconds: int = 0) -> str:
    headers = sign_webhook(signed, [SECRET], "a", from_ms((NOW - age_seconds) * 1000))
    (finding,) = diagnose("native", headers, got, SECRET, now=NOW, tolerance_seconds=300)
    assert (finding.verdict, finding.code) == ("refused", "no_matching_signature")
    return finding.hint


@pytest.mark.parametrize("undone", SPOILED)
@pytest.mark.parametrize("age_seconds", [0, 1000])
def test_what_happened_on_the_way_is_found(undone: str, age_seconds: int) -> None:
    signed, spoil = SPOILED[undone]
    assert f"it fits the body {undone}:" in hint(signed, spoil(signed), age_seconds)


@pytest.mark.parametrize("got", [LINES.replace(b"tier", b"tear"), b"", b"\xff", b"[" * 100_000])
def test_nothing_is_guessed_where_nothing_helps(got: bytes) -> None:
    assert hint(LINES, got) == ""


@pytest.mark.parametrize("name", VECTORS)
def test_a_diagnosis_agrees_with_the_vectors(name: str) -> None:
    vector = VECTORS[name]
    dialect = dialect_of(vector.headers)
    findings = diagnose(
        dialect,
        vector.headers,
        vector.content,
        vector.secrets,
        now=vector.now,
        tolerance_seconds=vector.tolerance_seconds,
    )
    if vector.scheme in {"v1", "v1a"}:
        assert dialect == "native"
        assert findings[0].code == (vector.error or "")
    elif findings[-1].header != "webhook-signature" and findings[-1].verdict != "not checked":
        assert dialect == vector.scheme
        assert findings[-1].code == (vector.error or "")


def test_with_an_infinite_tolerance_age_does_not_matter() -> None:
    headers = sign_webhook(LINES, [SECRET], "a", from_ms(0))
    (finding,) = diagnose("native", headers, LINES, SECRET, now=NOW, tolerance_seconds=math.inf)
    assert finding.verdict == "genuine"
    assert finding.signed is not None
    assert finding.signed.sent_at == 0
