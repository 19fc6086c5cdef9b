"""What every path answers: keys, health, metrics, documents and pages."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from html.parser import HTMLParser

import msgspec
import pytest

from stampbook.api.exchange import Message
from stampbook.api.openapi import problems_of
from stampbook.api.problem import problem_kinds
from stampbook.api.route import Submit, catalogue
from tests.api.stage import PROGRAM, Client, Stage

ROUTES = [route for noun in catalogue() for route in noun.routes]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_no_route_answers_without_its_scope(small_stage: Stage, route: Submit) -> None:
    path = re.sub(r"{\w+}", "x", route.path)
    client = small_stage.client
    nobody = client.with_key(None).call(route.method, path)
    assert (nobody.status, nobody.json["code"]) == (401, "key.missing")
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    others = {"read", "write", "admin"} - {route.scope}
    limited = client.with_key(small_stage.add_key("limited", *others)).call(route.method, path)
    assert (limited.status, limited.json["code"]) == (403, "key.scope_missing")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Basic abc",
        "Bearer sb_all_",
        "Bearer sb_all_" + "x" * 32,
        "sb_all_" + "s" * 32,
    ],
)
def test_a_wrong_key_is_refused(small_client: Client, authorization: str) -> None:
    answer = small_client.call("GET", "/v1/tiers", headers={"authorization": authorization})
    assert (answer.status, answer.json["code"]) == (401, "key.invalid")


def test_a_revoked_key_is_refused(small_stage: Stage) -> None:
    key = small_stage.add_key("gone", "read")
    with small_stage.backend.transaction() as unit:
        unit.run("UPDATE api_key SET revoked_at_ms = 1 WHERE id = 'gone'")
    assert small_stage.client.with_key(key).call("GET", "/v1/tiers").status == 401


def test_a_key_is_known_by_its_hash_only(small_stage: Stage) -> None:
    with small_stage.backend.read() as unit:
        rows = unit.rows("SELECT * FROM api_key WHERE program_id = ?", (PROGRAM,))
    assert small_stage.key not in repr(rows)
    assert hashlib.sha256(small_stage.key.encode()).hexdigest() in repr(rows)


def test_unknown_paths_and_methods_are_problems(small_client: Client) -> None:
    nowhere = small_client.call("GET", "/v2/orders")
    assert (nowhere.status, nowhere.json["code"]) == (404, "path.not_found")
    wrong = small_client.call("DELETE", "/v1/orders")
    assert (wrong.status, wrong.json["code"]) == (405, "method.not_allowed")
    assert wrong.headers["allow"] == "POST"


def test_every_answer_has_an_id_of_its_own(small_client: Client) -> None:
    ids = [small_client.call("GET", "/healthz").headers["x-request-id"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f]{24}", one) for one in ids)


def test_readiness_follows_the_engine(small_stage: Stage) -> None:
    client = small_stage.client
    assert client.call("GET", "/readyz").json == {"ready": True, "database": True, "engine": True}
    small_stage.engine.stop()
    answer = client.call("GET", "/readyz")
    assert (answer.status, answer.json["engine"]) == (503, False)
    assert client.call("GET", "/healthz").status == 200


def test_metrics_count_requests_by_operation_and_status(small_client: Client) -> None:
    small_client.call("POST", "/v1/orders", {})
    text = small_client.call("GET", "/metrics").body.decode()
    assert 'stampbook_http_requests_total{operation="record_order",status="400"} 1.0' in text
    assert "stampbook_engine_commands_total 0.0" in text
    assert "stampbook_engine_waiting 0.0" in text


def test_a_fault_is_answered_and_tells_nothing(small_stage: Stage) -> None:
    with small_stage.backend.transaction() as unit:
        unit.run("UPDATE definition SET body = 'secret' WHERE program_id = ?", (PROGRAM,))
    answer = small_stage.client.with_key(small_stage.key).runner.run(
        small_stage.client._call(
            "GET", "/v1/tiers", b"", {"authorization": f"Bearer {small_stage.key}"}
        )
    )
    assert (answer.status, answer.json["code"]) == (500, "server.fault")
    assert b"secret" not in answer.body


def test_the_lifespan_is_entered_and_left(small_client: Client) -> None:
    asked = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Message:
        return asked.pop(0)

    async def send(message: Message) -> None:
        sent.append(message["type"])

    asyncio.run(small_client.app({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_every_example_is_a_request_that_is_read() -> None:
    for route in ROUTES:
        if isinstance(route.example, Mapping):
            path = dict.fromkeys(route.path_names, "x")
            msgspec.convert({**route.example, **path}, route.asks)


def test_every_operation_and_code_is_unique_and_known() -> None:
    names = [route.operation for route in ROUTES]
    assert len(set(names)) == len(names)
    for route in ROUTES:
        for codes in problems_of(route).values():
            assert codes.keys() <= problem_kinds().keys()


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        assert "style" not in given
        assert not any(name.startswith("on") for name in given)
        if given.get("id"):
            self.ids.add(given["id"] or "")
        self.links += [given[name] or "" for name in ("href", "src") if given.get(name)]


def test_the_docs_link_to_what_is_there_and_need_no_network(small_client: Client) -> None:
    pages: dict[str, Links] = {}
    waiting = ["/docs"]
    while waiting:
        path = waiting.pop()
        answer = small_client.with_key(None).call("GET", path)
        assert answer.status == 200, path
        if path in pages or not answer.headers["content-type"].startswith("text/html"):
            continue
        assert "script-src" not in answer.headers["content-security-policy"]
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        page = pages[path] = Links()
        page.feed(answer.body.decode())
        assert not page.tags & {"script", "iframe", "img"}
        waiting += [link.partition("#")[0] or path for link in page.links]
        waiting = [link for link in waiting if link not in pages]
    for path, page in pages.items():
        for link in page.links:
            target, _, fragment = link.partition("#")
            assert target.startswith("/") or not target, link
            if fragment and (target or path) in pages:
                assert fragment in pages[target or path].ids, (path, link)
    assert pages.keys() >= {f"/docs/problems/{code}" for code in problem_kinds()}
