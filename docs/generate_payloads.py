"""Writes src/stampbook/consumer/native.py from the facts: `python -m docs.generate_payloads`.

A consumer's structures import nothing of Stampbook and are open where a fact's own are closed: a
text that may be one of a few today may be another tomorrow, and a limit is the sender's business.
Pure but for `main`: a test makes the file again and compares it with what is there.
"""

import re
import textwrap
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec
import msgspec.inspect as types
from msgspec import Struct

from docs.generate import _meanings as meanings
from stampbook.facts import EndpointFact, FactData, FactHead, catalogue

FILE = Path(__file__).parent.parent / "src" / "stampbook" / "consumer" / "native.py"
WIDTH = 100
SOURCE = re.compile(r"\s*Source: .*$", re.DOTALL)
"""Where it was decided is of no use to somebody who has only this file."""

HEAD = '''"""What the native dialect sends: the data of each fact, as its consumer reads it.

Written by `python -m docs.generate_payloads` from the facts; a change here is lost.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct
'''


def payloads() -> str:
    """Give the text of the file."""
    found: dict[type[Struct], types.StructType] = {}
    facts = {name: fact.data for name, fact in catalogue().items()}
    for data in (FactHead, FactData, EndpointFact, *facts.values()):
        _collect(types.type_info(data), found)
    names = [kind.__name__ for kind in found]
    assert len(set(names)) == len(names), "two structures of facts have the same name"
    classes = [_class(kind, info) for kind, info in found.items()]
    listed = "\n".join(f'    "{name}": {data.__name__},' for name, data in facts.items())
    table = f'TYPES: Mapping[str, type[FactHead]] = {{\n{listed}\n}}\n"""The data of each fact."""'
    return "\n\n\n".join((HEAD.rstrip(), *classes, table)) + "\n"


def _collect(info: types.Type, found: dict[type[Struct], types.StructType]) -> None:
    """Find the structures that a type is made of, those first that others need."""
    if isinstance(info, types.StructType):
        if info.cls in found:
            return
        for field in info.fields:
            _collect(field.type, found)
        found[info.cls] = info
        return
    for part in _parts(info):
        _collect(part, found)


def _parts(info: types.Type) -> Iterator[types.Type]:
    match info:
        case types.UnionType(types=several):
            yield from several
        case types.VarTupleType(item_type=item) | types.ListType(item_type=item):
            yield item
        case types.DictType(key_type=key, value_type=value):
            yield from (key, value)
        case _:
            return


def _class(kind: type[Struct], info: types.StructType) -> str:
    parent = kind.__base__ or Struct
    inherited = parent.__struct_fields__ if issubclass(parent, FactHead) else ()
    over = parent.__name__ if inherited else "Struct"
    lines = [
        f"class {kind.__name__}({over}, frozen=True, kw_only=True):",
        _docstring(SOURCE.sub("", cleandoc(kind.__doc__ or ""))),
    ]
    said = meanings(kind)
    own = [field for field in info.fields if field.name not in inherited]
    if own:
        lines.append("")
    for field in own:
        lines.append(f"    {field.name}: {_spelled(field.type)}{_default(field)}")
        meaning = " ".join(filter(None, (said.get(field.name), _until_now(field.type))))
        if meaning:
            lines.append(_docstring(meaning))
    return "\n".join(lines)


def _docstring(text: str) -> str:
    one = f'    """{text}"""'
    if "\n" not in text and len(one) <= WIDTH:
        return one
    first, _, rest = text.partition("\n\n") if "\n\n" in text else ("", "", text)
    if not first:
        return textwrap.indent("\n".join(textwrap.wrap(f'"""{text}"""', WIDTH - 4)), "    ")
    paragraphs = [" ".join(part.split()) for part in (first, *rest.split("\n\n"))]
    wrapped = ["\n".join(textwrap.wrap(part, WIDTH - 4)) for part in paragraphs]
    return textwrap.indent('"""' + "\n\n".join(wrapped) + '\n"""', "    ")


def _spelled(info: types.Type) -> str:
    match info:
        case types.StructType(cls=kind):
            return kind.__name__
        case types.UnionType(types=several):
            spelled = list(dict.fromkeys(map(_spelled, several)))
            if "float" in spelled and "int" in spelled:
                spelled.remove("int")
            return " | ".join(sorted(spelled, key="None".__eq__))
        case types.VarTupleType(item_type=item):
            return f"tuple[{_spelled(item)}, ...]"
        case types.DictType(key_type=key, value_type=value):
            return f"dict[{_spelled(key)}, {_spelled(value)}]"
        case _:
            return PLAIN[type(info)]


PLAIN: dict[type[types.Type], str] = {
    types.StrType: "str",
    types.LiteralType: "str",
    types.IntType: "int",
    types.FloatType: "float",
    types.BoolType: "bool",
    types.NoneType: "None",
    types.DateTimeType: "datetime",
    types.DateType: "date",
    types.AnyType: "Any",
}


def _default(field: types.Field) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        assert field.default_factory is dict, "a consumer's field has a plain default"
        return " = {}"
    if field.default is msgspec.NODEFAULT:
        return ""
    if isinstance(field.default, Struct):
        assert field.default == type(field.default)(), "a consumer's field has a plain default"
        return f" = {type(field.default).__name__}()"
    return f" = {_literal(field.default)}"


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _until_now(info: types.Type) -> str:
    """Say which texts a sender of this version may write."""
    for part in (info, *_parts(info)):
        if isinstance(part, types.LiteralType):
            assert all(isinstance(value, str) for value in part.values), "a choice is of texts"
            return f"Until now: {', '.join(map(str, part.values))}."
    return ""


def main() -> None:
    """Write the file."""
    FILE.write_text(payloads(), encoding="utf-8")


if __name__ == "__main__":
    main()
