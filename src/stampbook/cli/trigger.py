"""Let something happen in a program, so that its webhook is sent for a reason."""

import secrets
import time
from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.errors import FAILED, CommandError, complain
from stampbook.cli.terminal.output import say, tell
from stampbook.cli.terminal.remote import AS_CONFIGURED, ServerOptions, opened_server
from stampbook.dialects import catalogue as dialects
from stampbook.facts import catalogue as facts
from stampbook.program.problems import choose_from
from stampbook.remote.server import Server
from stampbook.triggers import Recipe, catalogue
from stampbook.triggers.naming import facts_named, known_names
from stampbook.triggers.perform import check, perform, stage_on
from stampbook.triggers.stage import PROFILE, ImpossibleError, Tools

WORD_BYTES = 6


def command(
    type_: Annotated[
        str | None,
        Parameter(
            name="TYPE", help="A kind of fact, or what a vendor calls it: event_points_earned."
        ),
    ] = None,
    /,
    *,
    list_: Annotated[
        bool, Parameter(name="--list", help="Say what is done for each kind of fact.")
    ] = False,
    override: Annotated[
        tuple[str, ...],
        Parameter(help="NAME=VALUE, such as member_id=anna; may be given several times."),
    ] = (),
    really: Annotated[
        bool, Parameter(help="Do it in a program that lives on real time, whose members are real.")
    ] = False,
    server: ServerOptions = AS_CONFIGURED,
) -> int:
    """Let something happen in a program, so that its webhook is sent for a reason.

    Throw-away members, whose ids begin with trigger-, do what real ones would, through the API; so
    the fact is a real side effect, and what else follows from it happens too. Some need time to
    pass and move the clock of the sandbox, for all its members. The key needs the scopes read,
    write and admin.
    """
    if list_:
        _list()
        return 0
    if type_ is None:
        raise CommandError("No kind of fact is named.", "See which there are: --list")
    candidates = facts_named(type_)
    if not candidates:
        raise CommandError(f"There is no fact {type_}.", choose_from(type_, known_names()))
    with opened_server(server) as api:
        return _trigger(api, type_, candidates, _overrides(override), really=really)


def _trigger(
    api: Server, name: str, candidates: list[str], chosen: dict[str, str], *, really: bool
) -> int:
    """Try the facts that a name may stand for, until one of them has happened."""
    tools = Tools(word=lambda: secrets.token_hex(WORD_BYTES), sleep=time.sleep, tell=_step)
    if len(candidates) > 1:
        say(f"{name} is sent for {', '.join(sorted(candidates))}.")
    failures: list[ImpossibleError] = []
    for candidate in candidates:
        recipe = catalogue()[candidate]
        try:
            stage = stage_on(api, chosen, tools, really=really)
            check(recipe, chosen, is_sandbox=stage.is_sandbox)
            say(f"{candidate}:")
            happened = perform(recipe, stage, name)
        except ImpossibleError as error:
            failures.append(error)
            continue
        for one in happened:
            say(f"{one.type}  {one.id}  {one.about}")
        if happened:
            return 0
        failures.append(
            ImpossibleError(
                f"All that was done, and no {name} came of it.",
                "Look at what the program's rules make of it: stampbook trigger --list",
            )
        )
    complain(failures[0].message, failures[0].remedy)
    return FAILED


def _step(what: str) -> None:
    say(f"  - {what}")


def _overrides(pairs: tuple[str, ...]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise CommandError(f"--override {pair} is no pair.", "Give NAME=VALUE.")
        chosen[name] = value
    return chosen


def _list() -> None:
    tell(
        ["fact", "what is done", "to override", "vendors call it"],
        [
            [name, _done(recipe), ", ".join(recipe.takes), ", ".join(_vendors(name))]
            for name, recipe in catalogue().items()
        ],
    )
    say(f"Of each new member also: {', '.join(PROFILE)}.")


def _done(recipe: Recipe) -> str:
    text = ", ".join(recipe.does)
    return f"{text} ({recipe.seconds} s)" if recipe.seconds else text


def _vendors(name: str) -> list[str]:
    words = (dialect.event_types(facts()[name]) for dialect in dialects().values())
    return sorted({word for some in words for word in some} - {name})
