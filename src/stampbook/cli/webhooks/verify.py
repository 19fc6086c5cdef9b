"""Say whether a webhook is genuine, or exactly what is wrong with it."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.errors import FAILED, CommandError, complain
from stampbook.cli.terminal.output import say, spell_time, tell
from stampbook.cli.terminal.received import (
    Recorded,
    read_body,
    read_head,
    read_header,
    read_records,
)
from stampbook.cli.terminal.secrets import NO_SECRETS, SecretOptions, secrets_of
from stampbook.consumer import (
    DialectName,
    Gaps,
    NotGenuineError,
    UnreadableBodyError,
    UnusableSecretError,
    parse,
)
from stampbook.consumer.diagnosis import Finding, diagnose, dialect_of
from stampbook.engine.clock import real_ms
from stampbook.values.instants import from_ms

MS_PER_SECOND = 1000
SHOWN_MAX = 20
"""Recorded requests that are named; the others are counted."""


def command(
    body: Annotated[
        Path | None,
        Parameter(help="A file with the body as it came, byte by byte (default: standard input)."),
    ] = None,
    /,
    *,
    header: Annotated[
        tuple[str, ...], Parameter(help="NAME: VALUE; may be given several times.")
    ] = (),
    head: Annotated[
        Path | None, Parameter(help="A file with the headers, each on a line, as HTTP has them.")
    ] = None,
    secrets: SecretOptions = NO_SECRETS,
    dialect: Annotated[
        DialectName | None, Parameter(help="How it reads (default: as its headers say).")
    ] = None,
    tolerance: Annotated[
        float | None,
        Parameter(help="Refuse what was signed more seconds ago, or ahead (default: any age)."),
    ] = None,
    record: Annotated[
        Path | None, Parameter(help="A file of `stampbook demo --record`; all its lines.")
    ] = None,
) -> int:
    """Say whether a webhook is genuine, or exactly what is wrong with it.

    Each signature that the dialect has is checked: that of Standard Webhooks, and the vendor's. It
    exits with 1 when one of them is not genuine. No secret is printed.
    """
    if record is not None:
        return _verify_all(record, _limit(tolerance))
    found = [*read_head(head), *map(read_header, header)]
    try:
        spoken = dialect or dialect_of(found)
    except NotGenuineError as error:
        raise CommandError(f"Not genuine: {error}.", "Give each header once.") from error
    return _verify(spoken, found, read_body(body), secrets_of(secrets), _limit(tolerance))


def _limit(tolerance: float | None) -> float:
    return math.inf if tolerance is None else tolerance


def _verify(
    dialect: DialectName,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    secrets: Sequence[str],
    tolerance_seconds: float,
) -> int:
    now = real_ms() / MS_PER_SECOND
    findings = diagnose(
        dialect, headers, body, secrets, now=now, tolerance_seconds=tolerance_seconds
    )
    tell(
        ["signature", "verdict", "because"],
        [[one.header, one.verdict, _because(one, len(secrets), now)] for one in findings],
    )
    if not _is_genuine(findings):
        hints = [one.hint for one in findings if one.hint]
        complain("Not genuine.", _sentence(hints[0]) if hints else _remedy(findings))
        return FAILED
    unread = _unread(dialect, headers, body)
    if unread:
        complain(
            f"Genuine, and not readable as {dialect}: {unread}.",
            "See which dialect the endpoint has.",
        )
        return FAILED
    say("Genuine.")
    return 0


def _is_genuine(findings: Sequence[Finding]) -> bool:
    verdicts = {one.verdict for one in findings}
    return "genuine" in verdicts and "refused" not in verdicts


def _because(finding: Finding, secrets: int, now: float) -> str:
    signed = finding.signed
    if signed is None:
        return finding.reason
    by = f"made with secret {signed.key + 1} of {secrets}"
    if signed.sent_at is None:
        return f"{by}; the time is not signed"
    at = spell_time(from_ms(round(signed.sent_at * MS_PER_SECOND)))
    return f"{by}; signed at {at}, {_span(now - signed.sent_at)}"


def _span(seconds: float) -> str:
    days, rest = divmod(round(abs(seconds)), 86_400)
    hours, rest = divmod(rest, 3600)
    span = (
        f"{days} d {hours} h" if days else f"{hours} h {rest // 60} min" if hours else f"{rest} s"
    )
    return f"{span} {'ago' if seconds >= 0 else 'ahead of this clock'}"


def _remedy(findings: Sequence[Finding]) -> str:
    """Give the remedy for the first signature that was refused."""
    code = next((one.code for one in findings if one.verdict == "refused"), "")
    return REMEDIES.get(code, "Take the request as it came from the network.")


REMEDIES = {
    "no_matching_signature": "Compare the secret with the endpoint's, and give the raw body.",
    "missing_header": "Give all headers of the request.",
    "timestamp_too_old": "Set the clocks, or look whether the request was recorded.",
    "timestamp_too_new": "Set the clocks: one of the two is wrong.",
    "unusable_secret": "Give the secret as the endpoint's owner reads it.",
    "cryptography_missing": "Install cryptography.",
}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _unread(dialect: DialectName, headers: Sequence[tuple[str, str]], body: bytes) -> str:
    try:
        parse(dialect, headers, body)
    except (UnreadableBodyError, NotGenuineError) as error:
        return str(error)
    return ""


def _verify_all(path: Path, tolerance_seconds: float) -> int:
    """Verify each line with the secret that it names, and tell which numbers are missing."""
    genuine: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    gaps: dict[tuple[str, str], Gaps] = {}
    wrong: list[tuple[int, str, str]] = []
    for number, one in enumerate(read_records(path), 1):
        found = _wrong(one, tolerance_seconds)
        (refused if found else genuine)[one.dialect] += 1
        wrong += [(number, one.dialect, what) for what in islice(found, SHOWN_MAX - len(wrong))]
        if not found:
            gaps.setdefault((one.dialect, one.secret), Gaps()).see(one.headers)
    missing = Counter[str]()
    for (dialect, _), seen in gaps.items():
        missing[dialect] += seen.missing_count
    columns = ["dialect", "genuine", "not genuine", "numbers missing"]
    rows = [
        [dialect, genuine[dialect], refused[dialect], missing[dialect]]
        for dialect in sorted(genuine | refused)
    ]
    tell(columns, rows, numbers=columns[1:])
    if wrong:
        tell(["line", "dialect", "what is wrong"], wrong, numbers=["line"])
        complain(f"{refused.total():,} requests are not genuine.", "See the lines of the table.")
        return FAILED
    say(f"All {genuine.total():,} requests are genuine.")
    return 0


def _wrong(one: Recorded, tolerance_seconds: float) -> list[str]:
    headers, body = list(one.headers.items()), one.body.encode()
    now = real_ms() / MS_PER_SECOND
    try:
        findings = diagnose(
            one.dialect, headers, body, one.secret, now=now, tolerance_seconds=tolerance_seconds
        )
    except UnusableSecretError as error:
        return [str(error)]
    refused = [one for one in findings if one.verdict == "refused"]
    if refused:
        return ["; ".join(filter(None, (one.reason, one.hint))) for one in refused]
    return list(filter(None, [_unread(one.dialect, headers, body)]))
