"""Recipes, played on a server."""

import itertools
import time
from collections.abc import Mapping

from stampbook.remote.server import Server
from stampbook.triggers import catalogue
from stampbook.triggers.perform import Happened, check, perform, stage_on
from stampbook.triggers.stage import Tools

WORDS = itertools.count()
NOTHING = '[program]\nname = "Nothing"\ncurrency = "EUR"\n'


def play(
    api: Server,
    name: str,
    chosen: Mapping[str, str] | None = None,
    *,
    called: str | None = None,
    steps: list[str] | None = None,
) -> list[Happened]:
    """Play the recipe of a fact, and give what came of it."""
    told = [] if steps is None else steps
    tools = Tools(word=lambda: f"{next(WORDS):x}", sleep=time.sleep, tell=told.append)
    stage = stage_on(api, chosen or {}, tools)
    check(catalogue()[name], chosen or {}, is_sandbox=stage.is_sandbox)
    return perform(catalogue()[name], stage, called or name)
