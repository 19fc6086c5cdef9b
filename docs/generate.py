"""Writes docs/reference from the catalogues: `make reference`, or `python docs/generate.py`.

Pure but for `main`: a test makes the pages again and compares them with what is there.
"""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterable, Mapping
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
from msgspec import Struct

from stampbook import commands, dialects, facts
from stampbook.api.problem import problem_kinds
from stampbook.config import Settings, variable_of
from stampbook.core.rules import conditions, effects
from stampbook.core.rules.attributes import attribute_at, known_paths
from stampbook.core.rules.conditions import Sample

REFERENCE = Path(__file__).parent / "reference"
WORDS = {
    "date-time": "instant",
    "date": "day",
    "string": "text",
    "integer": "integer",
    "number": "decimal",
    "boolean": "truth value",
    "object": "object",
    "array": "list",
    "null": "null",
}
"""How the types and formats of JSON Schema are called in the tables."""
GENERATED = "<!-- Written by `make reference`; a change here is lost. -->"


def pages() -> dict[str, str]:
    """Give the text of every page of the reference by its file name."""
    return {
        "facts.md": facts_page(),
        "commands.md": commands_page(),
        "conditions.md": conditions_page(),
        "refusals.md": refusals_page(),
        "settings.md": settings_page(),
    }


def facts_page() -> str:
    """Say what can happen, and what each dialect calls it."""
    spoken = dialects.catalogue()
    rows = (
        [
            f"[{name}](#{_anchor(name)})",
            fact.sent_when,
            *(_codes(dialect.event_types(fact)) for dialect in spoken.values()),
        ]
        for name, fact in facts.catalogue().items()
    )
    shared = facts.FactData.__struct_fields__
    sections = (
        _section(
            name,
            _prose(fact.data),
            f"Sent when: {fact.sent_when}",
            _fields(fact.data, without=shared) or "It has no fields beside those of every fact.",
        )
        for name, fact in facts.catalogue().items()
    )
    return _page(
        "Facts",
        "Everything that can happen. A fact is stored once and never changes.",
        _table(["Fact", "Sent when", *(dialect.title for dialect in spoken.values())], rows),
        "A dialect that shows no name has no word for the fact and sends nothing.",
        _section("Every fact", _prose(facts.FactData), _fields(facts.FactData)),
        *sections,
    )


def commands_page() -> str:
    """Say what can be asked for, and what comes back."""
    return _page(
        "Commands",
        "Everything that can be asked of the engine; the API's requests are these structures.",
        *(
            _section(
                name,
                _prose(kind.command),
                _fields(kind.command, asked=True) or "It has no fields.",
                f"**Gives** {_prose(kind.result)}",
                _fields(kind.result),
                _stored_refusal(kind),
            )
            for name, kind in commands.catalogue().items()
        ),
    )


def _stored_refusal(kind: commands.CommandType) -> str:
    if kind.refusal is None:
        return "A refusal is answered and not stored."
    return f"A refusal that concerns a known member is stored as `{facts.type_of(kind.refusal)}`."


def conditions_page() -> str:
    """Say what rules can test, and what they do then."""
    operators = (
        [
            _code(name),
            kind.operand.words,
            kind.words.replace("{value}", "…"),
            _sample(kind.example),
            _sample(kind.counter_example),
        ]
        for name, kind in conditions.catalogue().items()
    )
    doings = (
        [_code(name), kind.words.replace("{value}", "…"), _effect_sample(kind.example)]
        for name, kind in effects.catalogue().items()
    )
    readable = ((path, attribute_at(path)) for path in known_paths())
    attributes = ([_code(path), attribute.type] for path, attribute in readable if attribute)
    return _page(
        "Conditions and effects",
        "A rule of an activity has conditions and one effect.",
        _section(
            "Operators",
            _table(["Operator", "Wants", "Reads as", "Holds", "Does not hold"], operators),
            "An attribute that lists several items, such as tags, holds when one of them does, "
            "unless the operator speaks of all or of none.",
        ),
        _section("Effects", _table(["Effect", "Reads as", "Example"], doings)),
        _section(
            "Attributes",
            "These have a fixed meaning. `member.custom.<name>` reads a custom attribute and "
            "`transaction.<name>` any attribute of the request.",
            _table(["Attribute", "Type"], attributes),
        ),
    )


def refusals_page() -> str:
    """Say which codes a caller can be answered, and what to do then."""
    rows = (
        [_code(kind.code), str(kind.status), kind.title, kind.remedy]
        for kind in problem_kinds().values()
    )
    return _page(
        "Refusals and problems",
        "A code never changes its meaning. The API answers with the status and a problem document.",
        _table(["Code", "Status", "Meaning", "Remedy"], rows),
    )


def settings_page() -> str:
    """Say what whoever runs the server may set, and how."""
    return _page(
        "Settings",
        "Settings are read once, at the start: from the TOML file that `STAMPBOOK_CONFIG` names, "
        "and from the environment, which wins. A setting that does not exist is an error.",
        *(
            _section(f"[{section}]", _prose(kind), _settings(section, kind))
            for section, kind in get_type_hints(Settings).items()
        ),
    )


def _settings(section: str, kind: type[Struct]) -> str:
    meanings = _meanings(kind)
    rows = (
        [
            _code(field.name),
            _code(variable_of(f"{section}.{field.name}")),
            _code(json.dumps(field.default)),
            meanings.get(field.name, ""),
        ]
        for field in msgspec.structs.fields(kind)
    )
    return _table(["Setting", "Variable", "Default", "Meaning"], rows)


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", GENERATED, *parts)) + "\n"


def _section(title: str, *parts: str) -> str:
    return "\n\n".join((f"## {title}", *filter(None, parts)))


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _anchor(title: str) -> str:
    return title.replace(".", "")


def _code(text: str | None) -> str:
    return f"`{text}`" if text else "-"


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(map(_code, texts)) or "-"


def _prose(kind: type[Struct]) -> str:
    """Give a docstring as paragraphs, each on one line."""
    paragraphs = cleandoc(kind.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _fields(kind: type[Struct], *, without: Iterable[str] = (), asked: bool = False) -> str:
    """Give the fields of a structure as JSON has them; what is not asked for is always there."""
    _, parts = msgspec.json.schema_components((kind,))
    schema = parts[kind.__name__]
    required = schema.get("required", ())
    meanings = _meanings(kind)
    rows = [
        [
            _code(name),
            _spelled(field),
            *(["yes" if name in required else "no"] if asked else []),
            meanings.get(name, ""),
        ]
        for name, field in schema["properties"].items()
        if name not in without
    ]
    head = ["Field", "Type", *(["Required"] if asked else []), "Meaning"]
    return _table(head, rows) if rows else ""


def _meanings(kind: type[Struct]) -> dict[str, str]:
    """Give the texts that stand under the fields of a structure, its parents' among them."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if issubclass(one, Struct) and one is not Struct:
            (defined,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
            assert isinstance(defined, ast.ClassDef)
            found |= dict(filter(None, map(_meaning, pairwise(defined.body))))
    return found


def _meaning(pair: tuple[ast.stmt, ast.stmt]) -> tuple[str, str] | None:
    match pair:
        case (
            ast.AnnAssign(target=ast.Name(id=name)),
            ast.Expr(value=ast.Constant(value=str(text))),
        ):
            return name, " ".join(text.split())
        case _:
            return None


def _spelled(schema: Mapping[str, Any]) -> str:
    """Say a JSON schema in words."""
    match schema:
        case {"$ref": ref}:
            said = ref.rpartition("/")[2]
        case {"anyOf": options}:
            said = " or ".join(map(_spelled, options))
        case {"enum": values}:
            said = ", ".join(json.dumps(value) for value in values)
        case {"type": "array", "items": items}:
            said = f"list of {_spelled(items)}"
        case _:
            said = WORDS.get(schema.get("format", schema.get("type", "any")), "any")
    return said


def _sample(sample: Sample) -> str:
    return f"`{json.dumps(sample.found)}` and `{json.dumps(sample.value)}`"


def _effect_sample(sample: effects.EffectSample) -> str:
    return f"{sample.base} points and `{sample.value}` make {sample.points}"


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
