"""Performing: writes that are no commands, done once for an Idempotency-Key.

Source: decisions/0010.
"""

import time

from msgspec import Raw, Struct

from stampbook.api.desk import Desk
from stampbook.api.exchange import Reply, json_reply, problem_reply
from stampbook.api.problem import ProblemError
from stampbook.api.remembering import KEPT_STATUSES, Begun, Memory
from stampbook.api.route import Run, Write
from stampbook.store.backend import BrokenError, ClashError
from stampbook.values.json import decode, encode

TRIES_MAX = 3
"""Of a transaction against others: deadlocks, lock time-outs, keys that another stored first."""

PAUSE_SECONDS = 0.01
"""Before the second try; doubled with each further one."""


def perform_write(route: Write, desk: Desk, asked: Struct, memory: Memory | None) -> Reply:
    """Write in one transaction, and keep the answer in the same; or give the one that is known.

    Errors: ProblemError, when it is not to be kept; StoreError.
    """
    try:
        prepared = asked if route.prepares is None else route.prepares(desk, asked)
        return _written(route, desk, prepared, memory)
    except ProblemError as error:
        reply = _to_keep(error)
        return reply if memory is None else _keep_refusal(desk, memory, reply)


def perform_run(route: Run, desk: Desk, asked: Struct, memory: Memory | None) -> Reply:
    """Do what the request asked for when it first came, and keep the answer when it is finished.

    Errors: ProblemError, when it is not to be kept; StoreError.
    """
    if memory is None:
        done = route.runs(desk, route.prepares(desk, asked))
        return json_reply(done, route.status)
    known = memory.find()
    try:
        begun = known or _begun(route, desk, asked, memory)
        if isinstance(begun, Reply):
            return begun
    except ProblemError as error:
        return _keep_refusal(desk, memory, _to_keep(error))
    try:
        done = route.runs(desk, decode(bytes(begun.work), route.prepared))
        reply = json_reply(done, route.status)
        if not done.finished:
            return reply
    except ProblemError as error:
        reply = _to_keep(error)
    with desk.parts.backend.transaction() as unit:
        return memory.keep(unit, reply, begun)


def _written(route: Write, desk: Desk, prepared: Struct, memory: Memory | None) -> Reply:
    for number in range(1, TRIES_MAX + 1):
        try:
            return _write_once(route, desk, prepared, memory)
        except (ClashError, BrokenError) as error:
            is_worth_it = isinstance(error, ClashError) or error.unique
            if not is_worth_it or number == TRIES_MAX:
                raise
            time.sleep(PAUSE_SECONDS * 2 ** (number - 1))
    raise AssertionError("the last try gives or raises")


def _write_once(route: Write, desk: Desk, prepared: Struct, memory: Memory | None) -> Reply:
    with desk.parts.backend.transaction() as unit:
        # the key comes first: whoever sends the same request meanwhile waits here
        known = None if memory is None else memory.begin(unit)
        if isinstance(known, Reply):
            return known
        reply = json_reply(route.writes(desk, unit, prepared), route.status)
        return reply if memory is None else memory.keep(unit, reply)


def _begun(route: Run, desk: Desk, asked: Struct, memory: Memory) -> Reply | Begun:
    begun = Begun(Raw(encode(route.prepares(desk, asked))))
    with desk.parts.backend.transaction() as unit:
        return memory.begin(unit, begun) or begun


def _to_keep(error: ProblemError) -> Reply:
    """Give the reply of a refusal that is kept; another problem is raised again."""
    if error.problem.status not in KEPT_STATUSES:
        raise error
    return problem_reply(error.problem, error.headers)


def _keep_refusal(desk: Desk, memory: Memory, reply: Reply) -> Reply:
    """Keep a refusal in a transaction of its own: what was written before it is undone."""
    with desk.parts.backend.transaction() as unit:
        known = memory.begin(unit)
        if known is None:
            return memory.keep(unit, reply)
        return known if isinstance(known, Reply) else reply
