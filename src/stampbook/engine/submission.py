"""A submission: a command with who asks, and the outcomes that it can have."""

from asyncio import Future as LoopFuture
from concurrent.futures import Future as ThreadFuture
from typing import Self

from msgspec import Raw, Struct

from stampbook.commands import Command, Needs, kind_of
from stampbook.core.refusals import Refused
from stampbook.store.opening import KeyOfCaller, Stored
from stampbook.values.ids import CommandId, ProgramId
from stampbook.values.instants import Instant
from stampbook.values.json import decode, encode, encode_text


class Submission(Struct, frozen=True, kw_only=True):
    """A command for the engine.

    Shapes: `request_hash` tells requests with the same `idempotency_key` apart; `cause` names the
    request or the job in every fact. Without `webhooks` facts are stored and sent to nobody. A
    `dry_run` is decided like any other and leaves nothing. A test clock moves forward to `at`
    before it is decided. `trace` is the `traceparent` of a request that is traced.
    """

    program_id: ProgramId
    command: Command
    principal: str
    cause: str
    idempotency_key: str | None = None
    request_hash: str = ""
    webhooks: bool = True
    dry_run: bool = False
    at: Instant | None = None
    trace: str | None = None

    @property
    def key(self) -> KeyOfCaller | None:
        """Whose idempotency key it is; None when its outcome is not kept."""
        if self.idempotency_key is None or self.dry_run:
            return None
        return self.principal, self.idempotency_key


class Done(Struct, frozen=True):
    """It is stored; `result` is the JSON of the command's result."""

    result: bytes
    replayed: bool = False
    """The idempotency key was known: this is what was answered the first time."""


class Rejected(Struct, frozen=True):
    """A business "no"."""

    refused: Refused
    replayed: bool = False


class Unavailable(Struct, frozen=True):
    """The database did not answer. With an idempotency key it is safe to ask again."""

    detail: str


class Failed(Struct, frozen=True):
    """A bug: this command alone was dropped and left nothing; the log says why."""

    detail: str


Outcome = Done | Rejected | Unavailable | Failed


class Ticket(Struct, frozen=True, eq=False):
    """An admitted submission, what it needs loaded, and who waits for its outcome."""

    submission: Submission
    needs: Needs
    command_id: CommandId
    waiter: ThreadFuture[Outcome] | LoopFuture[Outcome]

    @classmethod
    def of(
        cls,
        submission: Submission,
        command_id: CommandId,
        waiter: ThreadFuture[Outcome] | LoopFuture[Outcome],
    ) -> Self:
        """Admit a submission; a command that cannot say what it needs is its caller's to see."""
        command = submission.command
        return cls(submission, kind_of(type(command)).needs(command), command_id, waiter)


class _Kept(Struct, frozen=True, omit_defaults=True):
    done: Raw = Raw()
    """Empty of a refusal: msgspec reads no optional Raw."""
    refused: Refused | None = None


def kept(request_hash: str, outcome: Done | Rejected) -> Stored:
    """Give an outcome as the store keeps it under an idempotency key."""
    match outcome:
        case Done(result=result):
            return Stored(request_hash, encode_text(_Kept(done=Raw(result))))
        case Rejected(refused=refused):
            return Stored(request_hash, encode_text(_Kept(refused=refused)))


def replayed(stored: Stored) -> Outcome:
    """Give a kept outcome as it was answered the first time, to the byte."""
    found = decode(stored.outcome, _Kept)
    if found.refused is not None:
        return Rejected(found.refused, replayed=True)
    assert found.done
    return Done(bytes(found.done), replayed=True)


def result_of(value: Struct) -> Done:
    """Give the outcome of a command that was done."""
    return Done(encode(value))
