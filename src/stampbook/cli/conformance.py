"""Send a consumer all that it may meet, and say what it does wrong."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

import stampbook
from stampbook.cli.terminal.errors import FAILED, CommandError
from stampbook.cli.terminal.ids import new_id
from stampbook.cli.terminal.output import say, tell
from stampbook.cli.terminal.progress import progress_bar
from stampbook.cli.terminal.secrets import NO_SECRETS, SecretOptions, secrets_of
from stampbook.conformance.checks import catalogue
from stampbook.conformance.letters import Letters
from stampbook.conformance.run import Report, Result, run
from stampbook.conformance.session import DEFAULT_LIMITS, Limits, ReadSignature, Session
from stampbook.conformance.wire import NumberUnreadableError, UnreachableError, Wire
from stampbook.consumer import DialectName
from stampbook.engine.clock import real_ms
from stampbook.program.problems import choose_from
from stampbook.values.egress import is_receiver
from stampbook.values.instants import Instant, from_ms
from stampbook.values.json import encode_text


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class LimitOptions:
    """How patient the checks are."""

    answer_seconds: Annotated[
        float, Parameter(help="How long an answer may take (default: 5).")
    ] = DEFAULT_LIMITS.answer_seconds_max
    settle_seconds: Annotated[
        float, Parameter(help="How long processing may take after the answer (default: 2).")
    ] = DEFAULT_LIMITS.settle_seconds


NO_LIMITS = LimitOptions()


def command(
    url: Annotated[str, Parameter(help="Where the consumer under development listens.")],
    /,
    *,
    secrets: SecretOptions = NO_SECRETS,
    dialect: Annotated[
        DialectName, Parameter(help="How its webhooks read on the wire (default: native).")
    ] = "native",
    reads: Annotated[
        ReadSignature,
        Parameter(help="The signature that it checks (default: standard, webhook-signature)."),
    ] = "standard",
    count_url: Annotated[
        str | None,
        Parameter(help="A URL that answers how many events were processed, as a JSON number."),
    ] = None,
    only: Annotated[
        tuple[str, ...], Parameter(help="The name of a check; may be given several times.")
    ] = (),
    limits: LimitOptions = NO_LIMITS,
    json: Annotated[bool, Parameter(help="Print the report as one line of JSON.")] = False,
) -> int:
    """Send a consumer all that it may meet, good and bad, and say what it does wrong.

    It is meant for a consumer under development, on this machine: every event is made up, and
    signed with the consumer's own secret, so a consumer that works processes them. Whether an
    event was processed twice can only be seen with a --count-url. Redirects are never followed,
    and a run takes five minutes at the most. It exits with 1 when a check failed.
    """
    _check(url, count_url, only)
    letters = Letters(dialect, secrets_of(secrets)[0], new_id=new_id, now=_now)
    _check_secret(letters)
    wire = Wire(url, user_agent=f"stampbook/{stampbook.__version__}")
    session = Session(
        letters,
        wire,
        count_url=count_url,
        reads=reads,
        limits=Limits(
            answer_seconds_max=limits.answer_seconds, settle_seconds=limits.settle_seconds
        ),
    )
    try:
        report = _run(session, url, only)
    except UnreachableError as error:
        raise CommandError(f"{url}: {error}.", "Start the consumer, then try again.") from error
    except NumberUnreadableError as error:
        raise CommandError(f"{count_url}: {error}.", "Let it answer a JSON number.") from error
    if json:
        say(encode_text(report))
    else:
        _show(report)
    return 0 if report.passed else FAILED


def _now() -> Instant:
    return from_ms(real_ms())


def _check(url: str, count_url: str | None, only: tuple[str, ...]) -> None:
    """See that the options name what there is.

    Errors: CommandError.
    """
    for one in (url, count_url):
        if one is not None and not is_receiver(one):
            raise CommandError(
                f"{one} is no URL to send to.", "Give http:// or https:// and a host."
            )
    for name in only:
        if name not in catalogue():
            raise CommandError(f"There is no check {name}.", choose_from(name, catalogue()))


def _check_secret(letters: Letters) -> None:
    """See that the secret signs.

    Errors: CommandError; it never holds the secret.
    """
    try:
        letters.sign(letters.write(), number=0)
    except ValueError as error:
        raise CommandError(
            f"It is no secret to sign with: {error}.",
            "Give the one that the consumer verifies with.",
        ) from error


def _run(session: Session, url: str, only: tuple[str, ...]) -> Report:
    done = 0
    with progress_bar("Checking", len(set(only)) or len(catalogue()), "checks") as progress:

        def show(result: Result) -> None:
            nonlocal done
            done += 1
            progress(done, result.check)

        return run(session, url, only, show)


def _show(report: Report) -> None:
    tell(
        ["check", "sent", "outcome"],
        [[result.check, result.sent, result.outcome] for result in report.results],
    )
    for result in report.results:
        if result.outcome == "failed":
            say(f"{result.check}: {result.sent}. Wanted: {result.wanted}.")
            for line in (*result.faults, result.note, f"Why it hurts: {result.harm}"):
                if line:
                    say(f"    {line}")
    notes: dict[str, list[str]] = {}
    for result in report.results:
        if result.note and result.outcome != "failed":
            notes.setdefault(result.note, []).append(result.check)
    for note, checks in notes.items():
        say(f"{', '.join(checks)}: {note}.")
    counted = Counter(result.outcome for result in report.results)
    say(", ".join(f"{number} {outcome}" for outcome, number in counted.items()) + ".")
