"""`webhooks verify` says of a request that it is genuine, or exactly what is wrong with it."""

import io
import json
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from stampbook import dialects, facts
from stampbook.consumer import DialectName
from stampbook.dialects import example_of
from stampbook.nouns.examples import EXAMPLE_BUSINESS
from stampbook.values.ids import FactId, RequestId
from stampbook.values.instants import from_ms
from tests.cli.conftest import Stampbook
from tests.consumer.vectors import VECTORS

SECRET = f"whsec_{b64encode(bytes(range(32))).decode()}"
OTHER = f"whsec_{b64encode(bytes(range(1, 33))).decode()}"
REQUEST = RequestId("019df2a1c0de4a0000000090")
NAMES: tuple[DialectName, ...] = ("native", "zinrelo", "nector")


def sent(
    dialect: DialectName, *secrets: str, age_seconds: int = 0, sequence: int = 1
) -> tuple[dict[str, str], bytes]:
    speaker = dialects.catalogue()[dialect]
    fact = example_of(facts.catalogue()["points.earned"], FactId("019df2a1c0de4a0000000100"))
    letter = speaker.render([fact], REQUEST, EXAMPLE_BUSINESS)
    at = from_ms((int(time.time()) - age_seconds) * 1000)
    signed = speaker.sign(letter, secrets or (SECRET,), REQUEST, at)
    return {**signed, "stampbook-sequence": str(sequence)}, letter.body


def kept(folder: Path, headers: dict[str, str], body: bytes) -> list[str]:
    """Keep a request in files, as a developer does, and give the options that name them."""
    lines = ["POST /hooks HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    (folder / "head").write_text("\r\n".join([*lines, "", "{}"]), newline="")
    (folder / "body").write_bytes(body)
    (folder / "secret").write_text(f"{SECRET}\n")
    return [str(folder / "body"), "--head", str(folder / "head")]


@pytest.mark.parametrize("dialect", NAMES)
def test_a_genuine_request_is_called_so(
    stampbook: Stampbook, tmp_path: Path, dialect: DialectName
) -> None:
    files = kept(tmp_path, *sent(dialect, age_seconds=90_000))
    ran = stampbook("webhooks", "verify", *files, "--secret-file", str(tmp_path / "secret"))
    assert (ran.code, ran.err) == (0, "")
    assert "Genuine." in ran.out
    assert "made with secret 1 of 1; signed at" in ran.out
    assert "1 d 1 h ago" in ran.out
    assert SECRET not in ran.out


def test_a_body_may_come_on_standard_input_and_a_secret_by_the_environment(
    stampbook: Stampbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, body = sent("native", SECRET)
    options = [part for name, value in headers.items() for part in ("--header", f"{name}:{value}")]
    monkeypatch.setenv("HOOK_SECRETS", f"{OTHER} {SECRET}")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(body)))
    ran = stampbook("webhooks", "verify", *options, "--secret-env", "HOOK_SECRETS")
    assert (ran.code, ran.err) == (0, "")
    assert "made with secret 2 of 2" in ran.out


@pytest.mark.parametrize("dialect", NAMES)
def test_every_signature_of_a_dialect_is_looked_at(
    stampbook: Stampbook, tmp_path: Path, dialect: DialectName
) -> None:
    headers, body = sent(dialect, OTHER, SECRET)
    ran = stampbook("webhooks", "verify", *kept(tmp_path, headers, body), "--secret", SECRET)
    rows = {line.split()[0]: line for line in ran.out.splitlines() if "signature" in line}
    assert "genuine" in rows["webhook-signature"]
    assert ran.code == (0 if dialect == "native" else 1)  # the vendors have room for one signature
    if dialect == "nector":
        assert "made with another secret" in ran.out


SPOILED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a line break more": (lambda body: body + b"\n", "Without its last line break"),
    "written again": (lambda body: json.dumps(json.loads(body), indent=2).encode(), "compact JSON"),
    "a mark": (lambda body: b"\xef\xbb\xbf" + body, "byte order mark"),
    "one digit": (lambda body: body.replace(b"62", b"63", 1), "Compare the secret"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_happened_to_the_body_is_guessed(
    stampbook: Stampbook, tmp_path: Path, how: str
) -> None:
    spoil, said = SPOILED[how]
    headers, body = sent("native")
    files = kept(tmp_path, headers, spoil(body))
    ran = stampbook("webhooks", "verify", *files, "--secret", SECRET)
    assert ran.code == 1
    assert "refused" in ran.out
    assert "Genuine" not in ran.out
    assert said.lower() in ran.err.lower()
    assert SECRET not in ran.out + ran.err


def test_age_matters_when_it_is_asked_about(stampbook: Stampbook, tmp_path: Path) -> None:
    files = kept(tmp_path, *sent("native", age_seconds=1000))
    options = ["--secret", SECRET, "--tolerance"]
    assert stampbook("webhooks", "verify", *files, *options, "2000").code == 0
    ran = stampbook("webhooks", "verify", *files, *options, "300")
    assert ran.code == 1
    assert "seconds ago, and 300 are allowed" in ran.out
    files = kept(tmp_path, *sent("native", age_seconds=-1000))
    assert "ahead of this clock" in stampbook("webhooks", "verify", *files, *options, "300").out


@pytest.mark.parametrize("name", ["public key, plain", "both schemes, consumer has the public key"])
def test_a_public_key_verifies(stampbook: Stampbook, tmp_path: Path, name: str) -> None:
    vector = VECTORS[name]
    options = ["--secret", vector.secrets[0], "--dialect", "nector"]
    ran = stampbook("webhooks", "verify", *kept(tmp_path, vector.headers, vector.content), *options)
    assert "genuine" in ran.out
    assert "not checked" in ran.out
    assert "not readable" in ran.err  # it is signed, and no Nector body
    assert ran.code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "No secret was given"),
        (["--secret-env", "NOT_THERE"], "NOT_THERE"),
        (["--secret-file", "/nowhere"], "/nowhere"),
        (["--secret", "whsec_short"], "base64"),
        (["--secret", SECRET, "--header", "no colon"], "no header"),
        (["--secret", SECRET, "--head", "/nowhere"], "/nowhere"),
        (["--secret", SECRET], "the header webhook-id is missing"),
    ],
)
def test_what_is_not_given_is_asked_for(
    stampbook: Stampbook, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "body").write_bytes(b"{}")
    ran = stampbook("webhooks", "verify", str(tmp_path / "body"), *arguments)
    assert ran.code == 1
    assert said in ran.out + ran.err
    assert "Remedy: " in ran.err


def record(folder: Path, *rows: dict[str, object]) -> str:
    path = folder / "record.jsonl"
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows))
    return str(path)


def row(dialect: DialectName, sequence: int = 1, **other: object) -> dict[str, object]:
    headers, body = sent(dialect, age_seconds=90_000, sequence=sequence)
    fields = {"dialect": dialect, "secret": SECRET, "headers": headers, "body": body.decode()}
    return {**fields, **other}


def test_all_lines_of_a_record_are_verified(stampbook: Stampbook, tmp_path: Path) -> None:
    rows = [row(name, number) for name in NAMES for number in (1, 2)]
    ran = stampbook("webhooks", "verify", "--record", record(tmp_path, *rows))
    assert (ran.code, ran.err) == (0, "")
    assert "All 6 requests are genuine." in ran.out
    counts = {line.split()[0]: line.split()[1:] for line in ran.out.splitlines() if line.strip()}
    assert [counts[name] for name in NAMES] == [["2", "0", "0"]] * 3


def test_what_is_wrong_in_a_record_is_named_by_its_line(
    stampbook: Stampbook, tmp_path: Path
) -> None:
    path = record(
        tmp_path,
        row("native", 1),
        row("native", 5),
        row("zinrelo", secret=OTHER),
        row("native", 2, body="{}"),
        row("nector", secret="no secret"),
        row("nector", 1),
    )
    ran = stampbook("webhooks", "verify", "--record", path)
    assert ran.code == 1
    assert "3 requests are not genuine" in ran.err
    named = [line.split()[:2] for line in ran.out.splitlines() if line[:5].strip().isdigit()]
    assert named == [["3", "zinrelo"]] * 2 + [["4", "native"]] + [["5", "nector"]] * 2
    counts = {line.split()[0]: line.split()[1:] for line in ran.out.splitlines() if line.strip()}
    assert counts["native"] == ["2", "1", "3"]


def test_a_line_that_is_no_record_is_named(stampbook: Stampbook, tmp_path: Path) -> None:
    path = record(tmp_path, row("native"), {"dialect": "native"})
    ran = stampbook("webhooks", "verify", "--record", path)
    assert ran.code == 1
    assert "record.jsonl:2: " in ran.err
