"""A batch: tickets of one program, decided one after another and stored in one transaction."""

from collections.abc import Sequence
from time import perf_counter

from msgspec import Struct

from stampbook.commands.run_due import RunDue
from stampbook.engine.clock import Clock
from stampbook.engine.deciding import Decide, Deciding, Secret
from stampbook.engine.metrics import Metrics
from stampbook.engine.submission import Failed, Outcome, Submission, Ticket
from stampbook.store.asked import together
from stampbook.store.backend import Backend, Unit
from stampbook.store.load import load
from stampbook.store.opening import Opening, open_batch
from stampbook.store.programs import Programs
from stampbook.store.save import Batch, save
from stampbook.store.traces import keep_traces

TEST_CLOCK = "SELECT now_ms FROM program WHERE id = ?"
MOVE_CLOCK = "UPDATE program SET now_ms = ? WHERE id = ?"


class Tools(Struct, frozen=True, kw_only=True):
    """What a batch works with. `secret` gives random bytes; `decide` is that of the commands.

    Shapes: with `keeps_traces`, the trace of a request is stored beside the facts that it made.
    """

    backend: Backend
    programs: Programs
    clock: Clock
    secret: Secret
    decide: Decide
    keeps_traces: bool = False


class BatchRun:
    """One try at a batch.

    Shapes: `outcomes` are complete before the commit is asked for, in the order of the tickets;
    `deliveries` counts the webhooks that the commit makes due. `phases` are when each step began
    and ended, by its name.
    Units: seconds of `perf_counter`.
    """

    def __init__(self, tools: Tools, tickets: Sequence[Ticket], metrics: Metrics) -> None:
        self.tools = tools
        self.tickets = tickets
        self.metrics = metrics
        self.outcomes: list[Outcome] = []
        self.facts = 0
        self.deliveries = 0
        self.phases: dict[str, tuple[float, float]] = {}

    def run(self) -> None:
        """Open, load, decide, save and commit.

        Errors: StoreError, and whatever a bug raises; but for CommitUnknownError nothing is stored.
        """
        with self.tools.backend.transaction() as unit:
            self._fill(unit)
            start = perf_counter()
        committed = perf_counter()
        self.metrics.commit_seconds += committed - start
        self.phases["commit"] = (start, committed)

    def _fill(self, unit: Unit) -> None:
        start = perf_counter()
        deciding = self._load(unit)
        loaded = perf_counter()
        self.metrics.load_seconds += loaded - start
        self.phases["load"] = (start, loaded)
        if deciding is None:
            self.outcomes = [Failed("there is no such program") for _ in self.tickets]
            return
        before = deciding.now_ms
        self.outcomes = [deciding.outcome(ticket) for ticket in self.tickets]
        decided = perf_counter()
        self.metrics.decide_seconds += decided - loaded
        batch = deciding.batch
        if not batch.is_empty():
            save(unit, batch)
        if self.tools.keeps_traces:
            self._keep_traces(unit, batch)
        if deciding.now_ms != before:
            unit.many(MOVE_CLOCK, [(deciding.now_ms, batch.opening.program_id)])
        self.facts, self.deliveries = len(batch.changes.facts), len(batch.deliveries)
        saved = perf_counter()
        self.metrics.save_seconds += saved - decided
        self.phases |= {"decide": (loaded, decided), "save": (decided, saved)}

    def _keep_traces(self, unit: Unit, batch: Batch) -> None:
        """Keep the traces of those requests whose facts are due to somebody."""
        due = {each.fact_id for each in batch.deliveries}
        causes = {fact.data.cause for fact in batch.changes.facts if fact.id in due}
        submissions = [ticket.submission for ticket in self.tickets]
        contexts = {
            one.cause: one.trace for one in submissions if one.trace and one.cause in causes
        }
        keep_traces(unit, batch.opening.program_id, contexts)

    def _load(self, unit: Unit) -> Deciding | None:
        tools, submissions = self.tools, [ticket.submission for ticket in self.tickets]
        asked = together(ticket.needs for ticket in self.tickets)
        keys = {key for each in submissions if (key := each.key) is not None}
        opening = open_batch(unit, submissions[0].program_id, asked, keys=keys)
        if opening is None:
            return None
        if opening.outcomes:
            fresh = [one for one in self.tickets if one.submission.key not in opening.outcomes]
            asked = together(ticket.needs for ticket in fresh)
        test_ms = None if opening.now_ms is None else self._test_clock(unit, opening)
        loaded = load(unit, opening, asked, tools.programs)
        return Deciding(
            opening,
            loaded,
            # read only now: whoever held the locks before us was earlier
            now_ms=tools.clock.now_ms(opening.program_id, test_ms),
            recorded_ms=tools.clock.real_ms(),
            secret=tools.secret,
            decide=tools.decide,
        )

    def _test_clock(self, unit: Unit, opening: Opening) -> int:
        """Give a test clock's time, which cannot move under us now."""
        moves = any(_may_move_clock(one.submission) for one in self.tickets)
        lock = unit.dialect.lock if moves else unit.dialect.share
        [(now_ms,)] = unit.rows(TEST_CLOCK + lock, (opening.program_id,))
        return now_ms


def _may_move_clock(submission: Submission) -> bool:
    return submission.at is not None or isinstance(submission.command, RunDue)
