"""Metrics: what the engine counts, cheap enough to be always on."""

from msgspec import Struct


class Metrics(Struct, kw_only=True):
    """Counts and times since the start. Units: seconds; a failed try counts its times too."""

    batches: int = 0
    retries: int = 0
    commands: int = 0
    refused: int = 0
    replayed: int = 0
    failed: int = 0
    unavailable: int = 0
    facts: int = 0
    deliveries: int = 0
    load_seconds: float = 0
    decide_seconds: float = 0
    save_seconds: float = 0
    commit_seconds: float = 0


def total(parts: list[Metrics]) -> Metrics:
    """Add up what several writers counted."""
    fields = Metrics.__struct_fields__
    return Metrics(**{field: sum(getattr(part, field) for part in parts) for field in fields})
