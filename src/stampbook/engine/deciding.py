"""Deciding: the commands of a batch, one after another, each over what the earlier ones left."""

from collections.abc import Callable

import structlog
from msgspec import Struct
from msgspec.structs import replace

from stampbook.commands import Command
from stampbook.commands.run_due import DueRan, RunDue
from stampbook.core.draft import Changes, Draft, MoreNeededError
from stampbook.core.refusals import IDEMPOTENCY_KEY_REUSED, Refused, refuse
from stampbook.engine.submission import (
    Done,
    Failed,
    Outcome,
    Rejected,
    Submission,
    Ticket,
    kept,
    replayed,
)
from stampbook.store.backend import ClashError
from stampbook.store.load import Loaded
from stampbook.store.opening import Opening, Stored
from stampbook.store.save import Batch, Due
from stampbook.store.subscriptions import Subscription, subscribers
from stampbook.values.instants import Instant, from_ms, to_ms

Secret = Callable[[int], bytes]
Decide = Callable[[Draft, Command], Struct | Refused]

log = structlog.get_logger()


def replay(stored: Stored, submission: Submission) -> Outcome:
    """Give what a known idempotency key was answered, or refuse another request under it."""
    if stored.request_hash != submission.request_hash:
        return Rejected(refuse(IDEMPOTENCY_KEY_REUSED))
    return replayed(stored)


class Deciding:
    """The commands of a batch being decided; `batch` grows to what is to be stored.

    Shapes: `now_ms` is the program's time; the clockwork moves that of a test clock.
    """

    def __init__(
        self,
        opening: Opening,
        loaded: Loaded,
        *,
        now_ms: int,
        recorded_ms: int,
        secret: Secret,
        decide: Decide,
    ) -> None:
        self.now_ms = now_ms
        self.batch = Batch(
            opening=opening,
            loaded=loaded,
            recorded_ms=recorded_ms,
            changes=Changes(),
            deliveries=[],
            outcomes={},
        )
        self._is_test = opening.now_ms is not None
        self._known_now = (now_ms, from_ms(now_ms))
        self._secret = secret
        self._decision = decide
        self._subscribers: dict[str, list[Subscription]] = {}

    def outcome(self, ticket: Ticket) -> Outcome:
        """Decide a ticket, or replay what its idempotency key was answered."""
        submission, key = ticket.submission, ticket.submission.key
        if key is not None:
            stored = self.batch.outcomes.get(key) or self.batch.opening.outcomes.get(key)
            if stored is not None:
                return replay(stored, submission)
        outcome = self._decide(ticket)
        if key is not None and not isinstance(outcome, Failed) and _may_be_kept(outcome):
            self.batch.outcomes[key] = kept(submission.request_hash, outcome)
        return outcome

    def _decide(self, ticket: Ticket) -> Done | Rejected | Failed:
        submission = ticket.submission
        command = self._timely(submission.command)
        sweeps = isinstance(command, RunDue)
        if submission.at is not None and self._is_test:
            self.now_ms = max(self.now_ms, to_ms(submission.at))
        now = command.until if sweeps and self._is_test else self._now()
        draft = Draft(
            self.batch.loaded.state,
            now=now,
            command_id=ticket.command_id,
            cause=submission.cause,
            secret=self._secret,
        )
        try:
            result = self._decision(draft, command)
            outcome = (
                Rejected(result)
                if isinstance(result, Refused)
                else Done(self.batch.spellings.whole(result))
            )
        except MoreNeededError as error:
            raise ClashError(str(error)) from error
        except Exception:
            # its draft is dropped; the others of the batch know nothing of it
            log.exception("command.failed", command=type(command).__name__, cause=submission.cause)
            return Failed("the command met a bug and was dropped")
        if not submission.dry_run:
            self._take(draft, webhooks=submission.webhooks)
            if isinstance(result, DueRan) and self._is_test:
                self.now_ms = max(self.now_ms, to_ms(result.reached))
        return outcome

    def _now(self) -> Instant:
        """Give the program's time, which most commands of a batch share."""
        if self._known_now[0] != self.now_ms:
            self._known_now = (self.now_ms, from_ms(self.now_ms))
        return self._known_now[1]

    def _timely(self, command: Command) -> Command:
        """Keep a sweep from running what real time has not reached."""
        if not isinstance(command, RunDue) or self._is_test:
            return command
        return replace(command, until=min(command.until, from_ms(self.now_ms)))

    def _take(self, draft: Draft, *, webhooks: bool) -> None:
        changes = draft.merge()
        self.batch.changes.add(changes)
        if not webhooks:
            self.batch.untold.update(fact.id for fact in changes.facts)
            return
        for fact in changes.facts:
            for each in self._subscribers_of(fact.type):
                self.batch.deliveries.append(Due(draft.ids.take(), each, fact.id))

    def _subscribers_of(self, fact: str) -> list[Subscription]:
        found = self._subscribers.get(fact)
        if found is None:
            found = subscribers(self.batch.opening.subscriptions, fact)
            self._subscribers[fact] = found
        return found


def _may_be_kept(outcome: Done | Rejected) -> bool:
    """Requests that name what does not exist may succeed later with the same key."""
    return isinstance(outcome, Done) or outcome.refused.kind != "not_found"
