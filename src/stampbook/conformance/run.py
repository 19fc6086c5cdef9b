"""A run: all checks, or some, against one consumer, and what came of each."""

from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

from stampbook.conformance.checks import Check, catalogue
from stampbook.conformance.session import OutOfTimeError, Session

Outcome = Literal["passed", "failed", "not observable", "does not apply", "not run"]
FAULTS_MAX = 12
"""Named for one check; the others are counted."""


class Result(Struct, frozen=True, kw_only=True):
    """What came of a check.

    Shapes: `faults` are what the consumer did wrong, empty unless it failed; `note` says why
    something could not be seen or does not apply.
    """

    check: str
    sent: str
    wanted: str
    outcome: Outcome
    faults: tuple[str, ...] = ()
    harm: str
    note: str = ""


class Report(Struct, frozen=True, kw_only=True):
    """What came of a run; `passed` when no check failed."""

    url: str
    dialect: str
    passed: bool
    results: tuple[Result, ...]


NOTHING_TAKEN = (
    "no genuine request was taken; see first that both sides have the same secret and dialect"
)
NOT_OBSERVABLE = "the answers are right; what was processed shows only with a --count-url"


def run(
    session: Session,
    url: str,
    names: Iterable[str] = (),
    on_result: Callable[[Result], None] = lambda _: None,
) -> Report:
    """Run checks in their order.

    Shapes: `names` are those of checks; without a name all of them run. If nothing at all was
    taken in the first of them, the others would only say so again, and are not run.
    Errors: UnreachableError when nobody listens; NumberUnreadableError when the number of processed
    events cannot be read.
    """
    session.reach()
    wanted = set(names) or set(catalogue())
    results: list[Result] = []
    for name, check in catalogue().items():
        if name not in wanted:
            continue
        if results and results[0].outcome == "failed" and session.received == 0:
            results.append(_of(name, check, "not run", note=NOTHING_TAKEN))
        else:
            results.append(_result(session, name, check))
        on_result(results[-1])
    return Report(
        url=url,
        dialect=session.letters.dialect.name,
        passed=all(result.outcome != "failed" for result in results),
        results=tuple(results),
    )


def _result(session: Session, name: str, check: Check) -> Result:
    reason = check.spared(session)
    if reason:
        return _of(name, check, "does not apply", note=reason)
    try:
        faults = tuple(dict.fromkeys(check.run(session)))
    except OutOfTimeError as error:
        faults = (str(error),)
    if faults:
        shown = faults[:FAULTS_MAX]
        more = len(faults) - len(shown)
        return _of(name, check, "failed", faults=shown, note=f"and {more} more" if more else "")
    if check.needs_count and not session.counts:
        return _of(name, check, "not observable", note=NOT_OBSERVABLE)
    return _of(name, check, "passed")


def _of(
    name: str, check: Check, outcome: Outcome, *, faults: tuple[str, ...] = (), note: str = ""
) -> Result:
    return Result(
        check=name,
        sent=check.sent,
        wanted=check.wanted,
        outcome=outcome,
        faults=faults,
        harm=check.harm,
        note=note,
    )
