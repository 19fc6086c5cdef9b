"""The README's example is what the engine does with it."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from stampbook.commands import decide
from stampbook.commands.record_order import RecordOrder
from stampbook.core.definition import Definition
from stampbook.core.draft import Draft, Program, State
from stampbook.dialects import StoredFact, catalogue
from stampbook.facts import Fact
from stampbook.program.parse import parse
from stampbook.values.ids import CommandId, ProgramId, RequestId
from stampbook.values.json import decode, encode_text

NOW = datetime(2030, 5, 4, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def readme(request: pytest.FixtureRequest) -> str:
    return (request.config.rootpath / "README.md").read_text(encoding="utf-8")


def block(text: str, kind: str, containing: str) -> str:
    """The text of the code block of a kind that contains something."""
    blocks: list[str] = re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)
    (found,) = (block for block in blocks if containing in block)
    return found


def facts_of(readme: str) -> list[Fact]:
    """What the README's order makes happen in the README's program."""
    definition = parse(block(readme, "toml", "[program]"))
    assert isinstance(definition, Definition), definition
    program = Program(id=ProgramId("p"), created_at=NOW, version=1, definition=definition)
    draft = Draft(
        State(program), now=NOW, command_id=CommandId("0" * 24), cause="order-1001", secret=bytes
    )
    _, _, body = block(readme, "http", "POST /v1/orders").partition("\n\n")
    decide(draft, decode(body, RecordOrder))
    return draft.changes.facts


def assert_within(shown: Any, actual: Any) -> None:
    """Everything that is shown is there; a shortened example leaves keys out."""
    if isinstance(shown, dict):
        for key, value in shown.items():  # pyright: ignore[reportUnknownVariableType]
            assert_within(value, actual[key])
    else:
        assert shown == actual


def test_the_order_makes_the_facts_that_are_listed(readme: str) -> None:
    listed = block(readme, "text", "points.earned\n").split()
    assert [fact.type for fact in facts_of(readme)] == listed


def test_the_webhook_says_what_is_shown(readme: str) -> None:
    shown = json.loads(block(readme, "json", '"points.earned"'))
    (fact,) = (fact for fact in facts_of(readme) if fact.type == shown["type"])
    stored = StoredFact(
        id=fact.id,
        type=fact.type,
        cause=fact.data.cause,
        occurred_at=fact.occurred_at,
        recorded_at=NOW,
        body=encode_text(fact.data),
    )
    sent = catalogue()["native"].render([stored], RequestId("0" * 24), None)
    assert_within(shown, json.loads(sent.body))
