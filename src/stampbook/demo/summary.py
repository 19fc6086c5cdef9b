"""The summary: what the demo did, as a table and as one line of JSON."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from stampbook.demo.growth import Scene


class Summary(Struct, frozen=True, kw_only=True):
    """What the demo did.

    Shapes: `facts` by native type; `received` by dialect and by the type that was sent;
    `verify` is `clean`, or names what differs. Units: seconds of real time.
    """

    orders: int
    members: int
    facts: dict[str, int]
    deliveries: int
    attempts: int
    failed: int
    requests: dict[str, int]
    bad_signatures: dict[str, int]
    received: dict[str, dict[str, int]]
    seconds: float
    verify: str | Sequence[str]


def show(console: Console, summary: Summary, scenes: Sequence[Scene]) -> None:
    """Print the summary as tables."""
    console.print(_table("The scripted month", {scene.title: scene.times for scene in scenes}))
    console.print(_table("Facts", summary.facts))
    for dialect, types in summary.received.items():
        requests = summary.requests[dialect]
        title = f"Received in {dialect}: {requests:,} requests, every signature verified"
        if summary.bad_signatures.get(dialect):
            title = f"Received in {dialect}: {summary.bad_signatures[dialect]} BAD SIGNATURES"
        console.print(_table(title, types))
    console.print(
        f"{summary.orders:,} orders of {summary.members:,} members; "
        f"{summary.deliveries:,} deliveries in {summary.attempts:,} attempts, "
        f"{summary.failed:,} failed; {summary.seconds:.1f} s; verify: {summary.verify}"
    )


def _table(title: str, counts: Mapping[str, int]) -> Table:
    table = Table("what", "how often", title=title, title_justify="left")
    table.columns[1].justify = "right"
    for name, times in sorted(counts.items()):
        table.add_row(name, f"{times:,}")
    return table
