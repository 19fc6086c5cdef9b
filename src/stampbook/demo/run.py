"""The run: replay, month, the last delivery, verify, summary."""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from stampbook.demo.growth import Scene
from stampbook.demo.month import play
from stampbook.demo.purchases import purchases
from stampbook.demo.replay import opening_of, replay
from stampbook.demo.stage import Stage, staged
from stampbook.demo.summary import Summary, show
from stampbook.store.verify import verify
from stampbook.values.json import encode_text

DRAIN_SECONDS = 120
POLL_SECONDS = 0.1

COUNTS = "SELECT type, COUNT(*) FROM fact WHERE program_id = ? GROUP BY type ORDER BY type"
MEMBERS = "SELECT COUNT(*) FROM member WHERE program_id = ?"
ORDERS = "SELECT COUNT(*) FROM customer_order WHERE program_id = ?"
DELIVERIES = "SELECT status, COUNT(*) FROM delivery WHERE program_id = ? GROUP BY status"
ATTEMPTS = (
    "SELECT (SELECT COUNT(*) FROM attempt WHERE program_id = ?) + "
    "(SELECT COUNT(DISTINCT request_id) FROM delivery "
    "WHERE program_id = ? AND status = 'delivered')"
)
UNDELIVERED = (
    "SELECT COUNT(*) FROM delivery WHERE program_id = ? AND status IN ('pending', 'leased')"
)


class Play(Struct, frozen=True, kw_only=True):
    """What to play, and where."""

    everybody: bool
    leaves: bool
    """Ends after the last scene with one line of JSON; otherwise the server stays up."""
    record: Path | None
    database: str | None


def run(wanted: Play, console: Console) -> bool:
    """Play the demo; tells whether all went well."""
    start = time.monotonic()
    with (
        TemporaryDirectory(prefix="stampbook-demo-") as folder,
        staged(Path(folder), wanted.database, wanted.record) as stage,
    ):
        scenes = _perform(stage, wanted, console)
        summary = _summarize(stage, start)
        show(console, summary, scenes)
        if wanted.leaves:
            sys.stdout.write(encode_text(summary) + "\n")
        else:
            _stay(stage, console)
    return summary.verify == "clean" and not summary.failed and not summary.bad_signatures


def _perform(stage: Stage, wanted: Play, console: Console) -> list[Scene]:
    bought = purchases(everybody=wanted.everybody)
    with _progress(console) as progress:
        task = progress.add_task("Replaying eighteen months", total=len(bought))
        replay(stage.client, bought, lambda times: progress.advance(task, times))
        month = progress.add_task("Playing the month after", total=None)
        scenes: list[Scene] = []
        for scene in play(stage.client, opening_of(bought[-1].day), bought):
            scenes.append(scene)
            progress.update(month, description=scene.title, advance=1)
        progress.update(month, total=len(scenes))
        _drain(stage, progress)
    return scenes


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def _drain(stage: Stage, progress: Progress) -> None:
    """Wait until every webhook has arrived, for as long as DRAIN_SECONDS."""
    left = _undelivered(stage)
    task = progress.add_task("Delivering the last webhooks", total=left)
    deadline = time.monotonic() + DRAIN_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        now = _undelivered(stage)
        progress.advance(task, left - now)
        left = now


def _undelivered(stage: Stage) -> int:
    with stage.backend.read() as unit:
        count: int = unit.rows(UNDELIVERED, (stage.program_id,))[0][0]
        return count


def _summarize(stage: Stage, start: float) -> Summary:
    key = (stage.program_id,)
    report = stage.report()
    with stage.backend.read() as unit:
        deliveries: dict[str, int] = dict(unit.rows(DELIVERIES, key))
        differences = [str(difference) for difference in verify(unit, stage.program_id)]
        return Summary(
            orders=unit.rows(ORDERS, key)[0][0],
            members=unit.rows(MEMBERS, key)[0][0],
            facts=dict(unit.rows(COUNTS, key)),
            deliveries=sum(deliveries.values()),
            attempts=unit.rows(ATTEMPTS, key * 2)[0][0],
            failed=sum(deliveries.values()) - deliveries.get("delivered", 0),
            requests=report.requests,
            bad_signatures=report.bad_signatures,
            received=report.events,
            seconds=round(time.monotonic() - start, 1),
            verify=differences or "clean",
        )


def _stay(stage: Stage, console: Console) -> None:
    console.print(f"\nThe server stays up at {stage.api_url}; its documentation is at /docs.")
    console.print(f"Its key:  {stage.api_key}")
    console.print("Try:      ", end="")
    console.print(
        f"curl -H 'Authorization: Bearer {stage.api_key}' {stage.api_url}/v1/members",
        soft_wrap=True,
        highlight=False,
    )
    console.print("Ctrl-C ends the demo and throws its data away.")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("Bye.")
