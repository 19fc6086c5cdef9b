"""A shop with a past and an endpoint to replay it to; nothing is sent, rows are looked at."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.core.definition import Tiers
from stampbook.core.lease import EndpointKey
from stampbook.core.refusals import Refused
from stampbook.core.replays import Limits, Replay, ReplayKey, ReplayKind, Turn, Wish
from stampbook.delivery.replaying import Replaying
from stampbook.engine.submission import Done
from stampbook.store.activation import Hand, Standing, activate, deactivate
from stampbook.store.backend import Unit
from stampbook.store.endpoints import Endpoint, add_endpoint, find_endpoint, remove_endpoint
from stampbook.store.replay_pieces import Means, Piece, do_piece
from stampbook.store.replays import find_replay, start_replay, turn_replay
from stampbook.store.verify import verify
from stampbook.values.ids import CommandIds, EndpointId
from stampbook.values.instants import from_ms
from tests.clockwork.stage import QUIET
from tests.engine.shop import PROGRAM, Shop, opened

PLAIN = replace(QUIET, rewards=(), tiers=Tiers())
SMALL = Limits(waiting=6, piece=3, looked_at=8, join=2)
"""So that a few facts make many pieces."""

ROWS = (
    "SELECT f.id, d.replay_id, d.status, d.id FROM delivery AS d "
    "JOIN fact AS f ON f.program_id = d.program_id AND f.id = d.fact_id "
    "WHERE d.endpoint_id = ? ORDER BY d.position, d.id"
)
FINISH_MAX = 1_000


@dataclass(slots=True)
class Past:
    shop: Shop
    ids: CommandIds = field(default_factory=lambda: CommandIds(5))
    limits: Limits = SMALL

    def new_id(self) -> str:
        return self.ids.take(self.shop.clock.at_ms)

    def now_ms(self) -> int:
        return self.shop.clock.at_ms

    @property
    def means(self) -> Means:
        return Means(now_ms=self.now_ms, new_id=self.new_id, limits=self.limits)

    def runner(self) -> Replaying:
        return Replaying(self.shop.backend, self.means, pause_seconds=0.01)

    def endpoint(self, **wishes: Any) -> EndpointKey:
        """Add an endpoint; `wishes` are fields of Endpoint."""
        key = EndpointKey(PROGRAM, EndpointId(self.new_id()))
        now = from_ms(self.now_ms())
        given: dict[str, Any] = {
            "dialect": "native",
            "event_types": (),
            "batch_size": 100,
            "status": "active",
            "description": "",
            **wishes,
        }
        endpoint = Endpoint(
            id=key.endpoint_id,
            url="https://shop.example/hooks",
            secrets="",
            created_at=now,
            updated_at=now,
            **given,
        )
        with self.shop.backend.transaction() as unit:
            add_endpoint(unit, PROGRAM, endpoint, self.now_ms())
        return key

    def enrol(self, member: str, **options: Any) -> None:
        assert isinstance(self.shop.do(EnrollMember(member_id=member), **options), Done)

    def visit(self, member: str, times: int = 1, **options: Any) -> None:
        for _ in range(times):
            award = AwardPoints(member_id=member, activity_id="visit")
            assert isinstance(self.shop.do(award, **options), Done)

    def facts(self) -> list[str]:
        """All facts in their order."""
        return [row[0] for row in self.shop.rows("SELECT id FROM fact ORDER BY position")]

    def rows(self, key: EndpointKey) -> list[tuple[str, str | None, str, str]]:
        """Fact, replay, status and id of an endpoint's deliveries, by their facts' positions."""
        return [(*row,) for row in self.shop.rows(ROWS, (key.endpoint_id,))]

    def sent(self, key: EndpointKey, replay_id: str | None = None) -> list[str]:
        """The facts of an endpoint's deliveries, or of those that a replay made."""
        rows = self.rows(key)
        return [row[0] for row in rows if replay_id is None or row[1] == replay_id]

    def settle(self, key: EndpointKey, status: str = "delivered", limit: int = 10_000) -> int:
        """Let what waits longest be settled as the worker would."""
        with self.shop.backend.transaction() as unit:
            waiting = unit.rows(
                "SELECT id FROM delivery WHERE endpoint_id = ? AND status = 'pending' "
                "ORDER BY due_at_ms, position LIMIT ?",
                (key.endpoint_id, limit),
            )
            for (id_,) in waiting:
                unit.run(
                    "UPDATE delivery SET status = ?, attempts = 1, "
                    "request_id = coalesce(request_id, id), delivered_at_ms = ? WHERE id = ?",
                    (status, self.now_ms() if status == "delivered" else None, id_),
                )
        return len(waiting)

    def change(self, key: EndpointKey, change: Callable[[Unit, Endpoint], Any]) -> Any:
        """Change something about an endpoint under its lock."""
        with self.shop.backend.transaction() as unit:
            endpoint = find_endpoint(unit, PROGRAM, key.endpoint_id, lock=True)
            assert endpoint is not None
            return change(unit, endpoint)

    def deactivate(self, key: EndpointKey) -> None:
        self.change(key, lambda unit, one: deactivate(unit, PROGRAM, one, self.now_ms()))

    def activate(self, key: EndpointKey, *, backfill: bool = True) -> Standing:
        return self.change(
            key,
            lambda unit, one: activate(
                unit,
                PROGRAM,
                one,
                Hand(cause="test", at_ms=self.now_ms(), new_id=self.new_id),
                backfill=backfill,
            ),
        )

    def remove(self, key: EndpointKey) -> None:
        with self.shop.backend.transaction() as unit:
            assert remove_endpoint(unit, PROGRAM, key.endpoint_id)

    def start(
        self,
        key: EndpointKey,
        kind: ReplayKind = "replay",
        *,
        dry_run: bool = False,
        **wish: Any,
    ) -> Replay | Refused:
        return self.change(
            key,
            lambda unit, one: start_replay(
                unit,
                PROGRAM,
                one,
                Wish(**wish),
                kind=kind,
                at_ms=self.now_ms(),
                new_id=self.new_id,
                dry_run=dry_run,
            ),
        )

    def begun(self, key: EndpointKey, kind: ReplayKind = "replay", **wish: Any) -> ReplayKey:
        replay = self.start(key, kind, **wish)
        assert isinstance(replay, Replay)
        return ReplayKey(*key, replay.id)

    def turn(self, replay: ReplayKey, turn: Turn) -> Replay | Refused | None:
        with self.shop.backend.transaction() as unit:
            return turn_replay(unit, *replay, turn, self.now_ms())

    def piece(self, replay: ReplayKey) -> Piece:
        with self.shop.backend.transaction() as unit:
            return do_piece(unit, replay, self.means)

    def read(self, replay: ReplayKey) -> Replay:
        with self.shop.backend.read() as unit:
            found = find_replay(unit, *replay)
        assert found is not None
        return found

    def finish(self, replay: ReplayKey) -> Replay:
        """Do pieces, and let what waits be received, until the replay is over."""
        for _ in range(FINISH_MAX):
            piece = self.piece(replay)
            assert piece.after is not None
            if piece.after.is_over:
                return piece.after
            self.settle(EndpointKey(*replay[:2]))
            self.shop.clock.at_ms += 1_000
        raise AssertionError("the replay does not come to its end")

    def sound(self) -> bool:
        with self.shop.backend.read() as unit:
            return not list(verify(unit, PROGRAM))

    def without_limits(self) -> None:
        self.limits = replace(self.limits, waiting=1_000, piece=500, looked_at=2_000, join=500)


@contextmanager
def past(url: str, **options: Any) -> Generator[Past]:
    """Open a shop in which an enrolment and a visit are one fact each, on a migrated database."""
    with opened(url, definition=PLAIN, **options) as shop:
        yield Past(shop)
