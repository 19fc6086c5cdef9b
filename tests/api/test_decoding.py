from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from stampbook.api.decoding import NESTING_MAX, BodyReader, QueryReader
from stampbook.api.problem import ProblemError
from stampbook.values.amounts import Key
from stampbook.values.instants import Instant


class Item(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Key


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    key: Key
    count: Annotated[int, Meta(ge=0)] = 0
    items: tuple[Item, ...] = ()
    attributes: dict[str, Any] = {}
    at: Instant | None = None


class Page(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    key: Key
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    is_open: bool | None = None
    after: Instant | None = None
    tag: str | None = None


def problem_of(body: bytes, path: Mapping[str, str] | None = None) -> tuple[str, str | None]:
    reader = BodyReader(Asked, tuple(path or ()))
    with pytest.raises(ProblemError) as caught:
        reader.read(body, path or {})
    return caught.value.problem.code, caught.value.problem.field


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"{", "request.malformed", None),
        (b'{"key":"a"} x', "request.malformed", None),
        (b'{"key":"\xff"}', "request.malformed", None),
        (b'{"key":"a\x00"}', "request.malformed", None),
        (b"[]", "request.invalid", None),
        (b"", "request.invalid", "/key"),
        (b"{}", "request.invalid", "/key"),
        (b'{"key":5}', "request.invalid", "/key"),
        (b'{"key":"a","count":-1}', "request.invalid", "/count"),
        (b'{"key":"a","extra":1}', "request.invalid", "/extra"),
        (b'{"key":"a","items":[{"name":"b"},{}]}', "request.invalid", "/items/1/name"),
        (b'{"key":"a","at":"2026-01-01T00:00:00"}', "request.invalid", "/at"),
        (b'{"key":"a","at":"0001-01-01T00:00:00+14:00"}', "request.invalid", "at"),
        (rb'{"key":"a","attributes":{"a":["x\u0000"]}}', "request.text_unstorable", None),
        (rb'{"key":"a","attributes":{"x\u0000":1}}', "request.text_unstorable", None),
        (rb'{"key":"a","attributes":{"a":"\ud800"}}', "request.text_unstorable", None),
        (rb'{"key":"a\udfff"}', "request.text_unstorable", None),
    ],
)
def test_a_body_that_does_not_fit_is_told_by_code_and_field(
    body: bytes, code: str, field: str | None
) -> None:
    assert problem_of(body) == (code, field)


def test_a_backslash_before_u0000_is_no_nul() -> None:
    body = rb'{"key":"a","attributes":{"a":"\\u0000"}}'
    assert msgspec.structs.asdict(BodyReader(Asked, ()).read(body, {}))["attributes"] == {
        "a": r"\u0000"
    }


@pytest.mark.parametrize("depth", [NESTING_MAX, 5_000, 200_000])
def test_a_body_that_nests_too_deeply_is_refused(depth: int) -> None:
    body = b'{"key":"a","attributes":{"a":' + b"[" * depth + b"]" * depth + b"}}"
    assert problem_of(body) == ("request.too_deep", None)


def test_many_shallow_branches_are_read() -> None:
    items = [{"name": str(index)} for index in range(NESTING_MAX * 2)]
    body = msgspec.json.encode({"key": "a", "items": items})
    assert len(msgspec.structs.asdict(BodyReader(Asked, ()).read(body, {}))["items"]) == len(items)


def test_the_path_is_merged_and_is_no_field_of_the_body() -> None:
    reader = BodyReader(Asked, ("key",))
    assert reader.read(b'{"count":2}', {"key": "k"}) == Asked(key="k", count=2)
    assert reader.read(b"", {"key": "k"}) == Asked(key="k")
    assert problem_of(b'{"key":"other"}', {"key": "k"}) == ("request.invalid", "/key")
    assert problem_of(b"{}", {"key": "a\nb"}) == ("request.invalid", "key")
    assert problem_of(b"{}", {"key": "a\0b"}) == ("request.text_unstorable", None)


def test_instants_are_read_into_utc_to_the_millisecond() -> None:
    reader = BodyReader(Asked, ())
    read = reader.read(b'{"key":"a","at":"2026-03-01T10:30:00.123987+01:00"}', {})
    assert read == Asked(key="a", at=datetime(2026, 3, 1, 9, 30, 0, 123000, tzinfo=UTC))


def test_a_query_is_read_with_the_path() -> None:
    reader = QueryReader(Page)
    read = reader.read(b"limit=7&is_open=true&tag=10&after=2026-03-01T09:30:00Z", {"key": "k"})
    assert read == Page(
        key="k",
        limit=7,
        is_open=True,
        tag="10",
        after=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    )
    assert reader.read(b"", {"key": "k"}) == Page(key="k")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (b"limit=0", "limit"),
        (b"limit=201", "limit"),
        (b"limit=5.0", "limit"),
        (b"limit=%2B5", "limit"),
        (b"limit=05", "limit"),
        (b"limit=9999999999999999999999", "limit"),
        (b"limit=", "limit"),
        (b"is_open=1", "is_open"),
        (b"after=17", "after"),
        (b"after=yesterday", "after"),
        (b"unknown=1", "unknown"),
        (b"tag=a&tag=b", "tag"),
        (b"key=other", "key"),
        (b"tag=%FF", None),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(query: bytes, field: str | None) -> None:
    with pytest.raises(ProblemError) as caught:
        QueryReader(Page).read(query, {"key": "k"})
    assert (caught.value.problem.code, caught.value.problem.field) == ("request.invalid", field)


def test_a_nul_in_a_query_is_refused() -> None:
    with pytest.raises(ProblemError) as caught:
        QueryReader(Page).read(b"tag=a%00", {"key": "k"})
    assert caught.value.problem.code == "request.text_unstorable"
