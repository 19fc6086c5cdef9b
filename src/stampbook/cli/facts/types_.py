"""List every kind of fact, when it is sent, and what each dialect calls it."""

from stampbook.cli.terminal.output import tell
from stampbook.dialects import catalogue as dialects
from stampbook.facts import catalogue as facts


def command() -> None:
    """List every kind of fact, when it is sent, and what each dialect calls it."""
    speakers = [dialect for dialect in dialects().values() if dialect.name != "native"]
    tell(
        ["fact", "sent when", *(dialect.name for dialect in speakers)],
        [
            [
                name,
                kind.sent_when,
                *(", ".join(dialect.event_types(kind)) or "-" for dialect in speakers),
            ]
            for name, kind in facts().items()
        ],
    )
