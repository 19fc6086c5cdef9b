"""Perform: a recipe is played on a server, and the fact that it made is waited for.

The fact is seen by a listener of its own, as any endpoint would be sent it: so it was stored, and
it is about somebody whom the recipe made.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from stampbook.core.definition import Definition
from stampbook.delivery.pulling import Pulled, Report
from stampbook.dialects import StoredFact
from stampbook.remote.listener import Listener, Told, Wanted
from stampbook.remote.server import Server
from stampbook.triggers import Recipe
from stampbook.triggers.naming import is_called
from stampbook.triggers.stage import PROFILE, ImpossibleError, Stage, Tools, path
from stampbook.values.ids import FactId
from stampbook.values.instants import Instant

WAIT_SECONDS = 5
"""How long a fact may take to be due; it was stored before the last step was answered."""
LOOKS_MAX = 50
PULLED_MAX = 32


class Happened(Struct, frozen=True, kw_only=True):
    """A fact that a recipe made; `about` is a member's own key, or an endpoint's id."""

    id: FactId
    type: str
    about: str


class Body(Struct, frozen=True):
    """A native webhook, as far as it is looked at."""

    type: str
    timestamp: Instant
    data: msgspec.Raw


class About(Struct, frozen=True):
    """Whom a fact is about."""

    cause: str
    member: Mapping[str, Any] = {}
    endpoint: Mapping[str, Any] = {}


def stage_on(
    server: Server, chosen: Mapping[str, str], tools: Tools, *, really: bool = False
) -> Stage:
    """Give the stage of the key's program.

    Errors: ImpossibleError for a program that lives on real time, unless it is `really` meant; for
    a definition of another version of Stampbook; RefusedError; UnreachableError.
    """
    [program] = server.call("GET", "/v1/programs")["programs"]
    is_sandbox = program["clock"] == "test"
    if not is_sandbox and not really:
        raise ImpossibleError(
            f"{program['name']} lives on real time: its members and webhooks are real.",
            "Use a sandbox (stampbook program create NAME --test-clock), or add --really.",
        )
    found = server.call("GET", path("programs", program["id"], "definition"))["definition"]
    try:
        definition = msgspec.convert(found, Definition)
    except msgspec.ValidationError as error:
        raise ImpossibleError(
            f"The server's definition is not understood: {error}.",
            "Use the same version of Stampbook as the server.",
        ) from error
    return Stage(server, definition, is_sandbox=is_sandbox, chosen=chosen, tools=tools)


def check(recipe: Recipe, chosen: Mapping[str, str], *, is_sandbox: bool = True) -> None:
    """See that a recipe can be played as it is asked for.

    Errors: ImpossibleError.
    """
    known = (*PROFILE, *recipe.takes)
    for name in chosen:
        if name not in known:
            raise ImpossibleError(
                f"{recipe.name} has no {name} to override.", f"Choose from {', '.join(known)}."
            )
    if recipe.moves_clock and not is_sandbox:
        raise ImpossibleError(
            f"{recipe.name} takes time, and nobody moves real time.",
            "Use a sandbox: stampbook program create NAME --test-clock",
        )


def perform(recipe: Recipe, stage: Stage, name: str) -> list[Happened]:
    """Play a recipe, and give the facts that it made which a name stands for.

    Errors: ImpossibleError when the program does not let it happen.
    """
    wanted = Wanted(event_types=(recipe.name,), description="stampbook trigger")
    watcher = Listener.made(stage.server, wanted)
    try:
        recipe.run(stage)
        return _seen(watcher, stage, name)
    finally:
        watcher.remove()


def _seen(watcher: Listener, stage: Stage, name: str) -> list[Happened]:
    """Give the facts about whom the recipe made; what else has happened meanwhile is let go."""
    found: list[Happened] = []
    for _ in range(LOOKS_MAX):
        items = watcher.pull(PULLED_MAX, 0 if found else WAIT_SECONDS).items
        if not items:
            break
        watcher.settle([Told(one, Report(status_code=200, duration_ms=0)) for one in items])
        for one in items:
            found += _ours(one, stage, name)
    return found


def _ours(pulled: Pulled, stage: Stage, name: str) -> Iterator[Happened]:
    body = msgspec.json.decode(pulled.body, type=Body)
    about = msgspec.json.decode(body.data, type=About)
    [event] = pulled.events
    fact = StoredFact(
        id=event.id,
        type=body.type,
        cause=about.cause,
        occurred_at=body.timestamp,
        recorded_at=body.timestamp,
        body=bytes(body.data).decode(),
    )
    member, endpoint = about.member.get("member_id", ""), about.endpoint.get("id", "")
    if (member in stage.members or endpoint in stage.endpoints) and is_called(name, fact):
        yield Happened(id=fact.id, type=fact.type, about=member or endpoint)
