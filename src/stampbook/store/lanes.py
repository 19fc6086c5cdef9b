"""Lanes in the store: how it goes with each endpoint; what its owner wants is in `endpoint`.

An endpoint without a row is healthy and was sent nothing yet. A lane is read and written only under
the lock of its endpoint's row, and read in a later statement than the one that locks.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from stampbook.core.delivery import Conduct
from stampbook.core.health import Health
from stampbook.core.lease import EndpointKey
from stampbook.core.pacing import next_us
from stampbook.store.backend import Row, Unit
from stampbook.values.ids import EndpointId, ProgramId
from stampbook.values.json import decode, encode_text

COLUMNS = (
    "program_id", "endpoint_id", "health", "state", "free_at_ms", "mark_us", "sequence", "facts",
    "left_at_position",
)  # fmt: skip
KEY = ("program_id", "endpoint_id")
LANE = "SELECT health, mark_us, sequence, facts, left_at_position FROM lane WHERE program_id = ? "
OF_ENDPOINT = f"{LANE}AND endpoint_id = ?"
STATES = "SELECT endpoint_id, health FROM lane WHERE program_id = ?"
REMOVE = "DELETE FROM lane WHERE program_id = ? AND endpoint_id = ?"
US_PER_MS = 1000


class Lane(Struct, frozen=True, kw_only=True):
    """How it goes with an endpoint.

    Shapes: `sequence` is the number of its last request and `facts` how many were told about it;
    `left_at_position` is where, while it is disabled, the facts begin of which some are not kept.
    """

    health: Health = Health()
    mark_us: int = 0
    sequence: int = 0
    facts: int = 0
    left_at_position: int | None = None

    def free_at_ms(self, conduct: Conduct) -> int:
        """Give when something may be sent again."""
        if conduct.rate_per_second is None:
            return self.health.pause_until_ms
        paced_ms = -(-next_us(self.mark_us, conduct.rate_per_second) // US_PER_MS)
        return max(self.health.pause_until_ms, paced_ms)


def lane_of(rows: Sequence[Row]) -> Lane:
    """Give a lane from the rows of OF_ENDPOINT."""
    if not rows:
        return Lane()
    [(health, mark_us, sequence, facts, left_at_position)] = rows
    return Lane(
        health=decode(health, Health),
        mark_us=mark_us,
        sequence=sequence,
        facts=facts,
        left_at_position=left_at_position,
    )


def read_lane(unit: Unit, key: EndpointKey) -> Lane:
    """Give the lane of an endpoint whose row is locked, or as it was a moment ago."""
    return lane_of(unit.rows(OF_ENDPOINT, key))


def healths(unit: Unit, program_id: ProgramId) -> Mapping[EndpointId, Health]:
    """Give how the endpoints of a program are; one without a lane is left out."""
    return {
        EndpointId(endpoint_id): decode(health, Health)
        for endpoint_id, health in unit.rows(STATES, (program_id,))
    }


def save_lanes(unit: Unit, lanes: Iterable[tuple[EndpointKey, Lane, Conduct]]) -> None:
    """Store what lanes have become."""
    rows = [
        (
            *key,
            encode_text(lane.health),
            lane.health.state,
            lane.free_at_ms(conduct),
            lane.mark_us,
            lane.sequence,
            lane.facts,
            lane.left_at_position,
        )
        for key, lane, conduct in lanes
    ]
    unit.upsert("lane", COLUMNS, rows, KEY)


def remove_lane(unit: Unit, key: EndpointKey) -> None:
    """Forget the lane of an endpoint that is removed."""
    unit.run(REMOVE, key)
