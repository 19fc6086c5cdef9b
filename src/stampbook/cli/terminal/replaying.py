"""Replaying: what `webhooks replay` and `webhooks redrive` have in common."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from stampbook.bootstrap import ids
from stampbook.cli.terminal.errors import FAILED, INTERRUPTED, CommandError, complain
from stampbook.cli.terminal.interrupts import interruptible
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, InstantOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.cli.terminal.progress import progress_bar
from stampbook.core.refusals import Refused
from stampbook.core.replays import Replay, ReplayKey, ReplayKind, Wish
from stampbook.delivery.replaying import Replaying, name_of
from stampbook.engine.clock import real_ms
from stampbook.program.problems import choose_from
from stampbook.store.backend import Backend, Unit
from stampbook.store.endpoints import Endpoint, find_endpoint
from stampbook.store.replay_pieces import Means
from stampbook.store.replays import find_replay, start_replay, turn_replay
from stampbook.store.subscriptions import spoken
from stampbook.values.ids import EndpointId, ProgramId
from stampbook.values.instants import optional_ms

IDLE_SECONDS = 0.2
"""How often it is looked whether the endpoint takes more."""

EndpointArgument = Annotated[str, Parameter(help="The id of the endpoint.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ReplayOptions:
    """Options of whatever sends again."""

    type_: Annotated[
        tuple[str, ...],
        Parameter(name="--type", help="Only this kind of fact; may be given several times."),
    ] = ()
    from_: Annotated[
        InstantOption | None, Parameter(name="--from", help="Facts recorded then or later.")
    ] = None
    to: Annotated[InstantOption | None, Parameter(help="Facts recorded before.")] = None
    per_second: Annotated[
        float | None,
        Parameter(help="The most facts in a second (default: as fast as the endpoint takes them)."),
    ] = None
    dry_run: Annotated[bool, Parameter(help="Count them, and send nothing.")] = False
    no_wait: Annotated[
        bool, Parameter(help="Leave the work to the servers: one of them must deliver.")
    ] = False
    resume: Annotated[
        str | None, Parameter(help="The id of a replay that was begun: go on with it.")
    ] = None
    program: ProgramOption = None
    database: DatabaseOption = None


Choose = Callable[[Backend, ProgramId, Wish], Wish]
"""Adds to a wish what only one command can ask for."""

PER_SECOND_MIN, PER_SECOND_MAX = 0.01, 10_000


def known_endpoint(
    unit: Unit, program_id: ProgramId, endpoint_id: str, *, lock: bool = False
) -> Endpoint:
    """Give an endpoint.

    Errors: CommandError when the program has none with this id.
    """
    endpoint = find_endpoint(unit, program_id, endpoint_id, lock=lock)
    if endpoint is None:
        raise CommandError(
            f"There is no endpoint {endpoint_id}.", "List them: stampbook endpoint list"
        )
    return endpoint


def run_replay(kind: ReplayKind, endpoint_id: str, options: ReplayOptions, choose: Choose) -> int:
    """Begin a replay or go on with one, show how far it is, and give the exit code.

    Errors: CommandError for what cannot be asked.
    """
    with opened_backend(options.database) as backend:
        program_id = choose_program(backend, options.program).id
        if options.resume is not None:
            begun = _go_on(backend, program_id, endpoint_id, options.resume)
        else:
            wish = Wish(
                types=tuple(sorted(set(options.type_))),
                from_ms=optional_ms(options.from_),
                to_ms=optional_ms(options.to),
                per_second=options.per_second,
            )
            wish = choose(backend, program_id, wish)
            begun = _begin(backend, program_id, endpoint_id, wish, kind, dry_run=options.dry_run)
        if options.dry_run:
            at_least = "" if begun.is_exact else "At least "
            say(f"{at_least}{begun.matched:,} facts would be sent.{left_out(begun)}")
            return 0
        if options.no_wait:
            say(begun.id)
            return 0
        return _follow(backend, program_id, begun)


def left_out(asked: Replay) -> str:
    """Say how many facts a replay cannot send; nothing when there are none."""
    expired = asked.expired
    return f" {expired:,} more are left out: what they say is not kept any more." if expired else ""


def _begin(
    backend: Backend,
    program_id: ProgramId,
    endpoint_id: str,
    wish: Wish,
    kind: ReplayKind,
    *,
    dry_run: bool,
) -> Replay:
    """Begin a replay, or only count in a dry run.

    Errors: CommandError for what cannot be asked.
    """
    rate = wish.per_second
    if rate is not None and not PER_SECOND_MIN <= rate <= PER_SECOND_MAX:
        raise CommandError(
            f"{rate} a second is no pace.",
            f"Give --per-second from {PER_SECOND_MIN} to {PER_SECOND_MAX:,}.",
        )
    with backend.transaction() as unit:
        endpoint = known_endpoint(unit, program_id, endpoint_id, lock=True)
        for name in wish.types:
            if name not in spoken(endpoint.dialect):
                raise CommandError(
                    f"The dialect {endpoint.dialect} sends no {name}.",
                    choose_from(name, spoken(endpoint.dialect)),
                )
        begun = start_replay(
            unit,
            program_id,
            endpoint,
            wish,
            kind=kind,
            at_ms=real_ms(),
            new_id=ids(),
            dry_run=dry_run,
        )
    if isinstance(begun, Refused):
        raise CommandError(begun.detail, begun.remedy)
    return begun


def _go_on(backend: Backend, program_id: ProgramId, endpoint_id: str, replay_id: str) -> Replay:
    """Let a replay go on that rests or was left.

    Errors: CommandError when there is none, or it is over.
    """
    with backend.transaction() as unit:
        turned = turn_replay(unit, program_id, endpoint_id, replay_id, "resume", real_ms())
    if turned is None:
        raise CommandError(
            f"The endpoint {endpoint_id} has no replay {replay_id}.", "Begin one, without --resume."
        )
    if isinstance(turned, Refused):
        raise CommandError(turned.detail, turned.remedy)
    return turned


def _follow(backend: Backend, program_id: ProgramId, begun: Replay) -> int:
    """Do a replay to its end or watch another do it, show how far it is, and give the exit code.

    Shapes: Ctrl-C lets it rest.
    """
    key = ReplayKey(program_id, EndpointId(begun.endpoint_id), begun.id)
    runner = Replaying(backend, Means(now_ms=real_ms, new_id=ids()))
    with (
        interruptible() as wants_to_stop,
        progress_bar("Queueing", begun.matched, "facts") as show,
    ):
        now = begun
        while now.state == "running" and not wants_to_stop():
            now, is_idle = _step(backend, runner, key, now)
            show(now.queued, "waits for the endpoint" if is_idle and not now.is_over else "")
            if is_idle and not now.is_over:
                time.sleep(IDLE_SECONDS)
        if now.state == "running":
            with backend.transaction() as unit:
                turn_replay(unit, *key, "pause", real_ms())
    return _end(now)


def _step(backend: Backend, runner: Replaying, key: ReplayKey, now: Replay) -> tuple[Replay, bool]:
    """Do a piece, or look what another has done; tell whether there is nothing to do just now."""
    with backend.alone(name_of(key)) as is_ours:
        if is_ours:
            piece = runner.do(key)
            return piece.after or now, piece.idle
    with backend.read() as unit:
        return find_replay(unit, *key) or now, True


def _end(now: Replay) -> int:
    if now.state == "finished":
        say(f"{now.queued:,} facts are on their way.{left_out(now)}")
        return 0
    if now.state == "cancelled":
        complain(f"Cancelled after {now.queued:,} facts. {now.reason}".rstrip(), "Begin another.")
        return FAILED
    complain(
        f"Interrupted after {now.queued:,} facts; they go out, and the rest waits.",
        f"Go on: stampbook webhooks {now.kind} {now.endpoint_id} --resume {now.id}",
    )
    return INTERRUPTED
