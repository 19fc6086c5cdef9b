"""Replaying: a thread that does the replays which run, a piece of each in turn.

Shapes: several processes may run one. A replay is in the hands of one of them at a time, which only
spares effort: each piece locks what it changes, see `store.replay_pieces`.
"""

from collections.abc import Callable
from threading import Event, Thread

import structlog

from stampbook.core.replays import ReplayKey, ReplayKind
from stampbook.store.backend import Backend, StoreError
from stampbook.store.replay_pieces import Means, Piece, do_piece
from stampbook.store.replays import running

PAUSE_SECONDS = 1.0
"""How often it is looked whether a replay runs."""
WORKING_PAUSE_SECONDS = 0.2
"""The same while one runs, whose endpoint may have taken what waited for it."""
RESTS_TICKS = 10
"""How often a replay is passed over that others were in the way of, so that it is not in theirs."""
ROUNDS_MAX = 50
"""Rounds over all replays before it is looked again which of them run."""

log = structlog.get_logger()


def _unheard(_kind: ReplayKind, _queued: int) -> None:
    pass


class Replaying:
    """Does replays; `on_queued` is told when deliveries became due, by what and how many."""

    def __init__(
        self,
        backend: Backend,
        means: Means,
        *,
        on_queued: Callable[[ReplayKind, int], None] = _unheard,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._backend = backend
        self._means = means
        self._on_queued = on_queued
        self._pause = pause_seconds
        self._rests: dict[str, int] = {}
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="replays", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the piece in hand, and end; another one goes on from there."""
        self._stopping.set()
        self._thread.join()

    @property
    def is_running(self) -> bool:
        """Tell whether the thread is at work."""
        return self._thread.is_alive()

    def tick(self) -> int:
        """Do all that can be done now; gives how many replays run.

        Errors: StoreError.
        """
        with self._backend.read() as unit:
            found = running(unit)
        busy = [key for key in found if not self._rests.get(key.replay_id)]
        self._rests = {replay_id: left - 1 for replay_id, left in self._rests.items() if left > 1}
        for _ in range(ROUNDS_MAX):
            if not busy or self._stopping.is_set():
                break
            busy = [key for key in busy if not self._stopping.is_set() and self._goes_on(key)]
        return len(found)

    def _run(self) -> None:
        pause = self._pause
        while not self._stopping.wait(pause):
            try:
                pause = min(WORKING_PAUSE_SECONDS, self._pause) if self.tick() else self._pause
            except StoreError as error:
                log.warning("replay.interrupted", error=str(error))
            except Exception:
                log.exception("replay.failed")

    def _goes_on(self, key: ReplayKey) -> bool:
        """Do a piece, and tell whether another one can be done at once."""
        try:
            with self._backend.alone(name_of(key)) as is_ours:
                if not is_ours:
                    return False
                piece = self.do(key)
        except StoreError as error:
            self._rests[key.replay_id] = RESTS_TICKS
            log.info("replay.interrupted", replay_id=key.replay_id, error=str(error))
        except Exception:  # the others do not wait for this one
            log.exception("replay.failed", replay_id=key.replay_id)
        else:
            if piece.after is not None and piece.after.is_over:
                log.info("replay.over", replay_id=key.replay_id, state=piece.after.state)
            return not piece.idle
        return False

    def do(self, key: ReplayKey) -> Piece:
        """Do one piece of a replay.

        Errors: StoreError.
        """
        with self._backend.transaction() as unit:
            piece = do_piece(unit, key, self._means)
        if piece.queued and piece.after is not None:
            self._on_queued(piece.after.kind, piece.queued)
        return piece


def name_of(key: ReplayKey) -> str:
    """Give the name that is held by who does a replay."""
    return f"replay {key.program_id} {key.replay_id}"
