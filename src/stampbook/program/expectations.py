"""Expectations: what a type of the definition asks for, in words."""

from typing import Any

from msgspec import inspect

PLAIN: dict[type[inspect.Type], str] = {
    inspect.BoolType: "true or false",
    inspect.DateTimeType: "an instant with its offset, such as 2030-12-31T00:00:00Z",
    inspect.DictType: "a table of names and values",
}


def expectation(kind: Any) -> str:
    """Say what a value of the type looks like: `a whole number from 1 to 100`."""
    return _words(inspect.type_info(kind))


def _words(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata(type=inner):
            return _words(inner)
        case inspect.UnionType(types=types):
            kinds = [one for one in types if not isinstance(one, inspect.NoneType)]
            return " or ".join(map(_words, kinds))
        case inspect.VarTupleType(item_type=item, max_length=most):
            limit = "" if most is None else f" of at most {most}"
            return f"a list{limit}, each {_words(item)}"
        case inspect.StructType(cls=cls):
            return f"a table with keys such as {', '.join(cls.__struct_fields__[:3])}"
        case inspect.StrType():
            return _text(kind)
        case _:
            return _single(kind)


def _single(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType(ge=low, le=high):
            return f"a whole number{_bounds(low, high)}"
        case inspect.FloatType(gt=above, ge=low, le=high):
            over = "" if above is None else f" above {above:g}"
            return f"a number{over}{_bounds(low, high)}"
        case inspect.LiteralType(values=values):
            return f"one of {', '.join(map(str, values))}"
        case _:
            return PLAIN.get(type(kind), "a value")


def _bounds(low: float | None, high: float | None) -> str:
    match low, high:
        case None, None:
            return ""
        case None, _:
            return f" of at most {high:,}"
        case _, None:
            return f" of at least {low:,}"
        case _:
            return f" from {low:,} to {high:,}"


def _text(kind: inspect.StrType) -> str:
    match kind.pattern:
        case "^[A-Z]{3}$":
            return "a text of three capital letters"
        case "^[A-Z0-9-]*$":
            return f"a text of at most {kind.max_length} capitals, digits and hyphens"
        case None:
            line = "a text"
        case _:
            line = "a text on one line"
    least = [] if not kind.min_length else [f"at least {kind.min_length}"]
    most = [] if kind.max_length is None else [f"at most {kind.max_length}"]
    limits = " and ".join([*least, *most])
    return f"{line} of {limits} characters" if limits else line
