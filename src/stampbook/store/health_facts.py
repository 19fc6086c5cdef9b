"""Facts about endpoints: told in the transaction in which an endpoint's health changes."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from stampbook.core.health import WARNED_BEFORE_MS, Health, told
from stampbook.core.lease import EndpointKey, order_key_of
from stampbook.facts import FactHead, catalogue
from stampbook.nouns.endpoint import EndpointHealth
from stampbook.store.backend import POSITION_BITS, Row, Unit
from stampbook.store.opening import POSITION, PROGRAM
from stampbook.store.save import DELIVERY, FACT
from stampbook.store.subscriptions import ENDPOINTS, subscribers, subscription, together
from stampbook.values.ids import ProgramId
from stampbook.values.instants import from_ms
from stampbook.values.json import encode_text
from stampbook.values.urls import without_credentials

ENDPOINT = "SELECT url, dialect, description FROM endpoint WHERE program_id = ? AND id = ?"


class Change(Struct, frozen=True, kw_only=True):
    """An endpoint's health before and now; `facts` were told about it before."""

    endpoint: EndpointKey
    before: Health
    now: Health
    reason: str
    cause: str
    facts: int


def state_changes(
    unit: Unit, changes: Sequence[Change], new_id: Callable[[], str], recorded_ms: int
) -> dict[EndpointKey, int]:
    """Store the facts that tell of changes, and give how many each endpoint has now."""
    counts = {change.endpoint: change.facts for change in changes}
    by_program: dict[ProgramId, list[Change]] = {}
    for change in changes:
        if told(change.before, change.now):
            by_program.setdefault(change.endpoint.program_id, []).append(change)
    for program_id, some in by_program.items():
        writer = _Writer(unit, program_id, new_id, recorded_ms)
        for change in some:
            counts[change.endpoint] = writer.state(change)
        writer.store()
    return counts


class _Writer:
    def __init__(
        self, unit: Unit, program_id: ProgramId, new_id: Callable[[], str], recorded_ms: int
    ) -> None:
        self._unit = unit
        self._program_id = program_id
        self._new_id = new_id
        self._recorded_ms = recorded_ms
        [[(test_ms, _, epoch)], [(last,)], _, endpoints] = unit.gather(
            [
                (PROGRAM, (program_id,)),
                (POSITION, (program_id, unit.number, program_id)),
                together(unit.dialect, program_id),
                (ENDPOINTS, (program_id,)),
            ]
        )
        self._occurred_ms: int = recorded_ms if test_ms is None else test_ms
        self._position: int = (unit.number + epoch) << POSITION_BITS if last is None else last
        self._subscriptions = [subscription(*row) for row in endpoints]
        self._facts: list[Row] = []
        self._deliveries: list[Row] = []

    def state(self, change: Change) -> int:
        """Take what tells of a change, and give the sequence of its last fact."""
        sequence = change.facts
        [(url, dialect, description)] = self._unit.rows(ENDPOINT, change.endpoint)
        for name in told(change.before, change.now):
            sequence += 1
            health = EndpointHealth(
                id=change.endpoint.endpoint_id,
                url=without_credentials(url),
                dialect=dialect,
                description=description,
                health=change.now.state,
                since=from_ms(change.now.since_ms),
            )
            fields: dict[str, Any] = {"endpoint": health, "reason": change.reason}
            if name == "endpoint.warned" and change.now.warned_at_ms is not None:
                fields["disables_at"] = from_ms(change.now.warned_at_ms + WARNED_BEFORE_MS)
            kind = catalogue()[name].data
            self._add(change, kind(sequence=sequence, cause=change.cause, **fields), name)
        return sequence

    def store(self) -> None:
        """Store what was taken."""
        self._unit.insert("fact", FACT, self._facts)
        self._unit.insert("delivery", DELIVERY, self._deliveries)

    def _add(self, change: Change, data: FactHead, name: str) -> None:
        self._position += 1
        fact_id, about = self._new_id(), change.endpoint.endpoint_id
        due = [each for each in subscribers(self._subscriptions, name) if each.endpoint_id != about]
        for each in due:
            self._deliveries.append(
                (
                    self._program_id, self._new_id(), each.endpoint_id, fact_id, name, data.cause,
                    self._position, "pending", self._recorded_ms + each.batch_wait_ms, 0,
                    order_key_of(each.ordering, about),
                )
            )  # fmt: skip
        self._facts.append(
            (
                self._program_id, fact_id, self._position, name, about, data.sequence,
                self._occurred_ms, self._recorded_ms, data.cause, len(due), encode_text(data),
            )
        )  # fmt: skip
