"""Output: tables and lines on stdout, in colour for people and plain for other programs."""

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stampbook.values.instants import Instant

PIPED_WIDTH = 400
"""Units: characters; a table that another program reads is not wrapped to a screen."""


def say(text: str) -> None:
    """Print a line as it is."""
    print(text)


def spell_time(instant: Instant | None) -> str:
    """Spell an instant to the second; empty when there is none."""
    return "" if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def tell(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Iterable[str] = ()
) -> None:
    """Print a table; the columns of `numbers` stand to the right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    right = set(numbers)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console = Console()
    if console.is_terminal:
        console.print(table)
        return
    wide = Console(width=PIPED_WIDTH)
    with wide.capture() as captured:
        wide.print(table)
    for line in captured.get().splitlines():
        print(line.rstrip())
