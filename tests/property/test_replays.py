"""Replays and the way back against a naive model, by random steps in random order.

The model knows lists of facts and nothing of positions, cursors or pieces. After each step the rows
must be those that it says, so nothing is lost, doubled, or made before what comes first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Literal

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from stampbook.core.lease import EndpointKey
from stampbook.core.refusals import Refused
from stampbook.core.replays import ReplayKey, Turn
from stampbook.store.replay_pieces import do_piece
from tests.delivery.past import Past, past

pytestmark = pytest.mark.timeout(1800)  # the deep profile plays for minutes

Standing = Literal["live", "left", "catching up", "removed"]
END_MAX = 300
REMOVED_AFTER = 2
"""Wishes to remove the endpoint until it is, or nothing else would happen."""

WEIGHTS = {
    "visit": 6, "untold": 1, "deliver": 4, "fail": 3, "piece": 6, "cut off": 2, "pause": 1,
    "resume": 2, "cancel": 1, "replay": 2, "redrive": 2, "leave": 4, "activate": 5, "remove": 1,
}  # fmt: skip
kinds = st.sampled_from([step for step, weight in WEIGHTS.items() for _ in range(weight)])
steps = st.lists(st.tuples(kinds, st.integers(0, 5)), min_size=25, max_size=50)


class CutOffError(Exception):
    pass


@dataclass(slots=True)
class Naive:
    """What must be there. `missed` is what a backfill still has to bring."""

    standing: Standing = "live"
    told: list[str] = field(default_factory=list[str])
    owed: list[str] = field(default_factory=list[str])
    missed: list[str] = field(default_factory=list[str])
    backfills: list[ReplayKey] = field(default_factory=list[ReplayKey])
    replays: dict[ReplayKey, list[str]] = field(default_factory=dict[ReplayKey, list[str]])
    redrives: list[ReplayKey] = field(default_factory=list[ReplayKey])

    def happened(self, facts: list[str]) -> None:
        self.told += facts
        (self.owed if self.standing == "live" else self.missed).extend(facts)

    @property
    def all(self) -> list[ReplayKey]:
        return [*self.backfills, *self.replays, *self.redrives]


class Play:
    def __init__(self, it: Past) -> None:
        self.it = it
        self.model = Naive()
        self.key: EndpointKey = it.endpoint(ordering="member")
        self.past_facts = 0
        self.removals = 0
        it.enrol("ann")
        self.model.happened(self._fresh())

    def play(self, step: str, number: int) -> None:
        getattr(self, step.replace(" ", "_"))(number)
        self.check()

    def visit(self, number: int) -> None:
        self.it.visit("ann", number)
        self.model.happened(self._fresh())

    def untold(self, number: int) -> None:
        self.it.visit("ann", number, webhooks=False)
        self._fresh()

    def deliver(self, number: int) -> None:
        self.it.settle(self.key, "delivered", number)

    def fail(self, number: int) -> None:
        self.it.settle(self.key, "failed", number)

    def piece(self, number: int) -> None:
        self._with_one(number, self._piece)

    def cut_off(self, number: int) -> None:
        def die(replay: ReplayKey) -> None:
            before = (self.it.rows(self.key), self.it.read(replay))
            with pytest.raises(CutOffError):
                self._begin_piece(replay)
            assert (self.it.rows(self.key), self.it.read(replay)) == before

        self._with_one(number, die)

    def pause(self, number: int) -> None:
        self._turn(number, "pause")

    def resume(self, number: int) -> None:
        self._turn(number, "resume")

    def cancel(self, number: int) -> None:
        self._turn(number, "cancel")

    def replay(self, number: int) -> None:
        del number
        if self.model.standing != "live":
            return
        begun = self.it.start(self.key)
        if not isinstance(begun, Refused):
            self.model.replays[ReplayKey(*self.key, begun.id)] = list(self.model.told)

    def redrive(self, number: int) -> None:
        del number
        if self.model.standing != "live":
            return
        begun = self.it.start(self.key, "redrive")
        if not isinstance(begun, Refused):
            self.model.redrives.append(ReplayKey(*self.key, begun.id))

    def leave(self, number: int) -> None:
        del number
        if self.model.standing == "removed":
            return
        self.it.deactivate(self.key)
        if self.model.standing != "left":
            self.model.standing = "left"

    def activate(self, number: int) -> None:
        if self.model.standing != "left":
            return
        wants = number != 0
        backfill = self.it.activate(self.key, backfill=wants).backfill
        if backfill is None:
            assert not wants
            self.model.standing, self.model.missed = "live", []
        else:
            self.model.standing = "catching up"
            self.model.backfills.append(ReplayKey(*self.key, backfill.id))

    def remove(self, number: int) -> None:
        self.removals += number == 0
        if self.removals == REMOVED_AFTER and self.model.standing != "removed":
            self.it.remove(self.key)
            self.model.standing = "removed"

    def check(self) -> None:
        if self.model.standing == "removed":
            assert all(row[2] != "pending" for row in self.it.rows(self.key))
            return
        rows = self.it.rows(self.key)
        ids = {replay.replay_id for replay in self.model.replays}
        owed = [row[0] for row in rows if row[1] not in ids]
        assert owed == self.model.owed, "lost, doubled or out of order"
        for replay, chosen in self.model.replays.items():
            sent = [row[0] for row in rows if row[1] == replay.replay_id]
            assert sent == chosen[: len(sent)]
            state = self.it.read(replay)
            assert state.queued == len(sent)
            assert state.state != "finished" or sent == chosen

    def end(self) -> None:
        """Let everything come to its end."""
        if self.model.standing == "left":
            self.activate(1)
        for replay in self.model.all:
            if self.it.read(replay).state == "paused":
                self.it.turn(replay, "resume")
        for number in count():
            open_ones = [each for each in self.model.all if not self.it.read(each).is_over]
            if not open_ones:
                break
            assert number < END_MAX, "it does not come to its end"
            for replay in open_ones:
                self._piece(replay)
                self.check()
            self.it.settle(self.key)
        if self.model.standing != "removed":
            assert self.model.standing == "live"
            assert self.model.missed == []
            self.visit(1)
            self.check()
            assert self.it.sound()

    def _piece(self, replay: ReplayKey) -> None:
        before = {row[3]: row for row in self.it.rows(self.key)}
        was_over = self.it.read(replay).is_over
        piece = self.it.piece(replay)
        assert piece.after is not None
        after = self.it.rows(self.key)
        changed = [row for row in after if before.get(row[3]) != row]
        assert len(changed) == piece.queued <= self.it.limits.looked_at
        assert all(row[2] == "pending" for row in changed)
        if replay in self.model.backfills:
            made = [row[0] for row in changed]
            self._caught_up(made)
            if piece.after.state == "finished" and not was_over:
                assert self.model.missed == [], "it joined without what it had missed"
                self.model.standing = "live"

    def _begin_piece(self, replay: ReplayKey) -> None:
        with self.it.shop.backend.transaction() as unit:
            do_piece(unit, replay, self.it.means)
            raise CutOffError

    def _caught_up(self, made: list[str]) -> None:
        assert made == self.model.missed[: len(made)]
        self.model.owed += made
        del self.model.missed[: len(made)]

    def _turn(self, number: int, turn: Turn) -> None:
        def do(replay: ReplayKey) -> None:
            was_over = self.it.read(replay).is_over
            turned = self.it.turn(replay, turn)
            if turn == "cancel" and replay in self.model.backfills and not was_over:
                assert not isinstance(turned, Refused)
                if self.model.standing == "catching up":
                    self.model.standing, self.model.missed = "live", []

        self._with_one(number, do)

    def _with_one(self, number: int, do: Callable[[ReplayKey], None]) -> None:
        known = self.model.all
        if known:
            do(known[-1 - number % len(known)])

    def _fresh(self) -> list[str]:
        facts = [
            row[0]
            for row in self.it.shop.rows(
                "SELECT id FROM fact WHERE deliveries >= 0 ORDER BY position"
            )
        ]
        fresh = facts[self.past_facts :]
        self.past_facts = len(facts)
        return fresh


@given(played=steps)
@settings(deadline=None)
def test_nothing_is_lost_or_doubled_or_overtakes(
    played: list[tuple[str, int]], sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    note(f"{played}")
    path = copyfile(sqlite_template, tmp_path_factory.mktemp("play") / "stampbook.db")
    with past(f"sqlite:///{path}") as it:
        play = Play(it)
        for step, number in played:
            play.play(step, number)
            it.shop.clock.at_ms += 500
        event(play.model.standing)
        play.end()
    path.unlink()
