"""The same key and request give the same answer, and one effect, on every write."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from random import Random
from typing import Any

import msgspec
import pytest

from stampbook.api.app import create_app
from stampbook.api.desk import Desk, Parts
from stampbook.api.exchange import new_request_id
from stampbook.api.performing import perform_run
from stampbook.api.remembering import Memory
from stampbook.api.route import Answer as AnswerRoute
from stampbook.api.route import Run, Submit, catalogue
from stampbook.bootstrap import ids
from stampbook.engine.writer import Engine
from stampbook.store.admin import find_key
from stampbook.store.idempotency import LIFE_MS, purge
from stampbook.store.schema import METADATA
from tests.api.stage import OTHER_PROGRAM, PROGRAM, TOML, Answer, Client, Stage, open_stage

URL = "https://shop.example/hooks"
KEY = {"idempotency-key": "k-1"}
TABLES = (
    "endpoint",
    "lane",
    "replay",
    "pool_code",
    "definition",
    "delivery",
    "program",
    "member",
    "fact",
)
CHANGED = TOML.replace("points = 20", "points = 25")
CSV = "member_id,first_name\nc-1,Anna\nc-2,Ben\n"
CSV_TYPE = {"content-type": "text/csv"}


class Asked(msgspec.Struct, frozen=True):
    """A request; the other path, body or text is that of another request of the same route."""

    method: str
    path: str
    body: Any = None
    other: Any = None
    raw: bytes | None = None
    other_raw: bytes | None = None
    other_path: str | None = None
    at_once: int = 4

    def send(self, client: Client, key: dict[str, str] = KEY) -> Answer:
        return client.call(
            self.method, self.path, self.body, raw=self.raw, headers=self._headers(key)
        )

    def send_other(self, client: Client) -> Answer:
        return client.call(
            self.method,
            self.other_path or self.path,
            self.other,
            raw=self.other_raw,
            headers=self._headers(KEY),
        )

    def send_together(self, client: Client) -> list[Answer]:
        content = self.raw or (b"" if self.body is None else msgspec.json.encode(self.body))
        headers = {
            "authorization": f"Bearer {client.key}",
            "content-type": "application/json",
            **self._headers(KEY),
        }

        async def calls() -> list[Answer]:
            return await asyncio.gather(
                *(
                    client._call(self.method, self.path, content, headers)
                    for _ in range(self.at_once)
                )
            )

        return client.runner.run(calls())

    def _headers(self, key: dict[str, str]) -> dict[str, str]:
        return key if self.raw is None else key | CSV_TYPE


def endpoint_of(client: Client) -> str:
    return client.post("/v1/endpoints", {"url": URL})["endpoint"]["id"]


def failed_delivery(stage: Stage) -> str:
    """A delivery whose tries have run out, as the worker leaves it."""
    endpoint = endpoint_of(stage.client)
    stage.client.post("/v1/members", {"member_id": "m-1"})
    with stage.backend.transaction() as unit:
        unit.run("UPDATE delivery SET status = 'failed', attempts = 10, request_id = 'r'")
    [delivery] = stage.client.get(f"/v1/endpoints/{endpoint}/deliveries")["items"]
    return delivery["id"]


def asked_to_send_again(stage: Stage, operation: str) -> Asked:
    """Give a request of an operation that brings an endpoint what it missed."""
    client = stage.client
    match operation:
        case "resend_delivery":
            return Asked("POST", f"/v1/deliveries/{failed_delivery(stage)}/resend", other={})
        case "create_replay":
            path = f"/v1/endpoints/{endpoint_of(client)}/replays"
            return Asked("POST", path, {"only": "failed"}, {"only": "all"})
        case "create_redrive":
            failed_delivery(stage)
            [endpoint] = client.get("/v1/endpoints")["items"]
            path = f"/v1/endpoints/{endpoint['id']}/redrive"
            return Asked("POST", path, {"per_second": 1}, {"per_second": 2})
        case "pause_replay" | "resume_replay" | "cancel_replay":
            path = f"/v1/endpoints/{endpoint_of(client)}/replays"
            replay = client.post(path, status=200)["replay"]
            turn = operation.removesuffix("_replay")
            return Asked("POST", f"{path}/{replay['id']}/{turn}", other={})
        case "activate_endpoint":
            path = f"/v1/endpoints/{endpoint_of(client)}"
            client.call("PATCH", path, {"status": "disabled"})
            return Asked("POST", f"{path}/activate", {"backfill": True}, {"backfill": False})
        case "resume_endpoint":
            return Asked("POST", f"/v1/endpoints/{endpoint_of(client)}/resume", other={})
        case _:
            raise AssertionError(f"the tests ask for no {operation}")


def asked(stage: Stage, operation: str) -> tuple[Client, Asked]:
    """Give a request of an operation that will be done, and who may send it."""
    client = stage.client
    if operation == "advance_clock":
        client = client.with_key(
            stage.add_key("sandbox", "read", "write", "admin", program=OTHER_PROGRAM)
        )
        return client, Asked("POST", "/v1/clock/advance", {"days": 30}, {"days": 31})
    if operation in {"import_members", "import_orders"}:
        kind = operation.removeprefix("import_")
        text = CSV if kind == "members" else "order_id,member_id,order_subtotal\n1,c-1,10\n"
        path = f"/v1/imports/{kind}"
        raw = text.encode()
        # no more than two imports run at once
        return client, Asked("POST", path, raw=raw, other_raw=raw + b"\n", at_once=2)
    match operation:
        case "create_endpoint":
            one = Asked("POST", "/v1/endpoints", {"url": URL}, {"url": f"{URL}/2"})
        case "update_endpoint":
            path = f"/v1/endpoints/{endpoint_of(client)}"
            one = Asked("PATCH", path, {"status": "disabled"}, {"status": "active"})
        case "rotate_secret":
            path = f"/v1/endpoints/{endpoint_of(client)}/rotate-secret"
            one = Asked("POST", path, other={})
        case "delete_endpoint":
            path, other = (f"/v1/endpoints/{endpoint_of(client)}" for _ in range(2))
            one = Asked("DELETE", path, other_path=other)
        case "retry_delivery":
            path = f"/v1/deliveries/{failed_delivery(stage)}/retry"
            one = Asked("POST", path, other={})
        case "add_codes":
            one = Asked("POST", "/v1/rewards/beans/codes", {"codes": ["A"]}, {"codes": ["B"]})
        case "apply_definition":
            path = f"/v1/programs/{PROGRAM}/definition"
            body = {"toml": CHANGED, "expected_version": 1}
            one = Asked("PUT", path, body, body | {"expected_version": 2})
        case _:
            one = asked_to_send_again(stage, operation)
    return client, one


OPERATIONS = sorted(
    route.operation
    for noun in catalogue()
    for route in noun.routes
    if not isinstance(route, AnswerRoute | Submit)
)


def everything(stage: Stage) -> dict[str, list[tuple[Any, ...]]]:
    with stage.backend.read() as unit:
        return {table: sorted(unit.rows(f"SELECT * FROM {table}"), key=repr) for table in TABLES}


def parts_of(stage: Stage, engine: Engine) -> Parts:
    return Parts(
        engine=engine,
        backend=stage.backend,
        vault=stage.vault,
        secret=Random(8).randbytes,
        new_id=ids(),
    )


@asynccontextmanager
async def no_lifespan() -> AsyncGenerator[None]:
    yield


@contextmanager
def restarted(stage: Stage) -> Generator[Client]:
    """The application of another process over the same database."""
    engine = Engine(stage.backend)
    parts = parts_of(stage, engine)
    engine.start()
    try:
        yield Client(create_app(parts, no_lifespan), stage.client.runner, stage.client.key)
    finally:
        engine.stop()


def test_what_only_answers_needs_no_more_than_read() -> None:
    for route in (route for noun in catalogue() for route in noun.routes):
        assert isinstance(route, AnswerRoute) == (route.scope == "read"), route.operation


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_same_key_and_request_give_the_same_answer_once(stage: Stage, operation: str) -> None:
    client, one = asked(stage, operation)
    first = one.send(client)
    assert first.status in {200, 201}
    assert "idempotency-replayed" not in first.headers
    after = everything(stage)
    again = one.send(client)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert everything(stage) == after


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_same_key_with_another_request_is_refused(stage: Stage, operation: str) -> None:
    client, one = asked(stage, operation)
    one.send(client)
    after = everything(stage)
    for other in (
        one.send_other(client),
        client.call("POST", "/v1/members", {"member_id": "m"}, headers=KEY),
    ):
        assert (other.status, other.json["code"]) == (422, "idempotency.key_reused")
    assert everything(stage) == after
    again = one.send(client)
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_requests_at_once_get_one_answer_and_have_one_effect(stage: Stage, operation: str) -> None:
    client, one = asked(stage, operation)
    answers = one.send_together(client)
    assert len({(answer.status, answer.body) for answer in answers}) == 1, answers
    assert answers[0].status in {200, 201}
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    after = everything(stage)
    assert one.send(client).body == answers[0].body
    assert everything(stage) == after
    with stage.backend.read() as unit:
        [(endpoints,)] = unit.rows("SELECT count(*) FROM endpoint WHERE url = ?", (URL,))
        assert endpoints <= 1


def test_a_key_of_a_command_serves_no_other_write(client: Client) -> None:
    client.call("POST", "/v1/members", {"member_id": "m-1"}, headers=KEY)
    answer = client.call("POST", "/v1/endpoints", {"url": URL}, headers=KEY)
    assert (answer.status, answer.json["code"]) == (422, "idempotency.key_reused")
    assert client.get("/v1/endpoints")["items"] == []


def test_a_key_is_of_one_caller(stage: Stage) -> None:
    body = {"url": URL}
    first = stage.client.call("POST", "/v1/endpoints", body, headers=KEY)
    other = stage.client.with_key(stage.add_key("second", "admin"))
    second = other.call("POST", "/v1/endpoints", body, headers=KEY)
    assert second.status == 201
    assert second.json["secret"] != first.json["secret"]


def test_a_refusal_is_given_again_even_when_it_would_now_be_done(stage: Stage) -> None:
    path = f"/v1/deliveries/{failed_delivery(stage)}/retry"
    assert stage.client.call("POST", path).status == 200
    refused = stage.client.call("POST", path, headers=KEY)
    assert (refused.status, refused.json["code"]) == (409, "delivery.not_failed")
    with stage.backend.transaction() as unit:
        unit.run("UPDATE delivery SET status = 'failed'")
    again = stage.client.call("POST", path, headers=KEY)
    assert (again.status, again.body) == (409, refused.body)
    assert again.headers["content-type"] == "application/problem+json"
    assert again.headers["idempotency-replayed"] == "true"
    assert stage.client.call("POST", path, headers={"idempotency-key": "k-2"}).status == 200


@pytest.mark.parametrize(
    ("path", "body", "other", "code"),
    [
        ("/v1/endpoints", {"url": "no"}, {"url": URL}, "endpoint.url_invalid"),
        ("/v1/rewards/mug/codes", {"codes": ["A"]}, {"codes": ["B"]}, "pool.not_wanted"),
        ("/v1/clock/advance", {"days": 1}, {"days": 2}, "clock.is_real"),
    ],
)
def test_a_refusal_holds_its_key(
    client: Client, path: str, body: Any, other: Any, code: str
) -> None:
    first = client.call("POST", path, body, headers=KEY)
    again = client.call("POST", path, body, headers=KEY)
    assert first.json["code"] == code
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    reused = client.call("POST", path, other, headers=KEY)
    assert (reused.status, reused.json["code"]) == (422, "idempotency.key_reused")


def test_an_unreadable_definition_or_text_holds_its_key(client: Client) -> None:
    path = f"/v1/programs/{PROGRAM}/definition"
    for body in ({"toml": "x", "expected_version": 1}, {"toml": "x", "expected_version": 1}):
        answer = client.call("PUT", path, body, headers=KEY)
        assert (answer.status, answer.json["code"]) == (422, "definition.invalid")
    assert answer.headers["idempotency-replayed"] == "true"
    headers = CSV_TYPE | {"idempotency-key": "k-2"}
    for text, code in (("no\n", "import.unreadable"), (CSV, "idempotency.key_reused")):
        answer = client.call("POST", "/v1/imports/members", raw=text.encode(), headers=headers)
        assert (answer.status, answer.json["code"]) == (422, code)


def test_what_was_not_found_may_be_asked_again(client: Client) -> None:
    path, body = "/v1/rewards/tea/codes", {"codes": ["A"]}
    assert client.call("POST", path, body, headers=KEY).status == 404
    toml = TOML + TOML[TOML.rindex("[[rewards]]") :].replace("beans", "tea")
    applied = {"toml": toml, "expected_version": 1}
    assert client.call("PUT", f"/v1/programs/{PROGRAM}/definition", applied).status == 200
    answer = client.call("POST", path, body, headers=KEY)
    assert (answer.status, answer.json["filled"]["added"]) == (200, 1)


def test_what_was_malformed_leaves_its_key_free(stage: Stage) -> None:
    client, one = asked(stage, "advance_clock")
    both = {"days": 1, "to": "2027-01-01T00:00:00Z"}
    assert client.call("POST", one.path, both, headers=KEY).status == 400
    assert one.send(client).status == 200
    headers = CSV_TYPE | {"idempotency-key": "k-2"}
    for raw, status in ((b"member_id\na\0\n", 400), (CSV.encode(), 200)):
        sent = stage.client.call("POST", "/v1/imports/members", raw=raw, headers=headers)
        assert sent.status == status


def test_a_key_that_cannot_be_kept_is_refused_everywhere(small_client: Client) -> None:
    for method, path in (("DELETE", "/v1/endpoints/x"), ("POST", "/v1/imports/members")):
        answer = small_client.call(
            method, path, headers={"idempotency-key": "a b", "content-type": "text/csv"}
        )
        assert (answer.status, answer.json["code"]) == (400, "idempotency.key_invalid")


def test_a_secret_is_given_again_and_is_nowhere_in_clear(stage: Stage) -> None:
    made = stage.client.call("POST", "/v1/endpoints", {"url": URL}, headers=KEY)
    path = f"/v1/endpoints/{made.json['endpoint']['id']}/rotate-secret"
    rotate = {"idempotency-key": "k-2"}
    rotated = stage.client.call("POST", path, headers=rotate)
    secrets = (made.json["secret"], rotated.json["secret"])
    again = stage.client.call("POST", "/v1/endpoints", {"url": URL}, headers=KEY)
    assert again.json["secret"] == secrets[0]
    assert stage.client.call("POST", path, headers=rotate).json["secret"] == secrets[1]
    with stage.backend.read() as unit:
        kept = unit.rows("SELECT outcome FROM idempotency")
        rows = repr([unit.rows(f"SELECT * FROM {table}") for table in METADATA.tables])
    assert len(kept) == 2
    assert made.json["endpoint"]["id"] in rows
    for secret in secrets:
        assert secret.removeprefix("whsec_") not in rows


def test_a_write_and_its_key_are_one_transaction(postgres_url: str) -> None:
    """PostgreSQL says which transaction wrote a row."""
    with open_stage(postgres_url) as stage, stage.backend.read() as unit:
        stage.client.call("POST", "/v1/endpoints", {"url": URL}, headers=KEY)
        written = unit.rows("SELECT xmin::text FROM endpoint")
        assert unit.rows("SELECT xmin::text FROM idempotency") == written


def test_a_write_whose_answer_cannot_be_kept_is_undone(small_stage: Stage) -> None:
    client = small_stage.client
    with small_stage.backend.transaction() as unit:
        unit.run(
            "CREATE TRIGGER broken BEFORE UPDATE ON idempotency "
            "BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
    one = Asked("POST", "/v1/endpoints", {"url": URL}, at_once=1)
    assert [answer.status for answer in one.send_together(client)] == [500]
    with small_stage.backend.transaction() as unit:
        assert unit.rows("SELECT * FROM endpoint") == []
        assert unit.rows("SELECT * FROM idempotency") == []
        unit.run("DROP TRIGGER broken")
    assert one.send(client).status == 201


def test_a_clock_that_was_cut_off_goes_on_to_where_it_first_aimed(stage: Stage) -> None:
    client, one = asked(stage, "advance_clock")
    stage.engine.stop()
    cut_off = one.send(client)
    assert (cut_off.status, cut_off.json["code"]) == (503, "engine.busy")
    with restarted(stage) as fresh:
        client = fresh.with_key(client.key)
        other = one.send_other(client)
        assert (other.status, other.json["code"]) == (422, "idempotency.key_reused")
        with stage.backend.transaction() as unit:  # half of the way was done
            unit.run("UPDATE program SET now_ms = now_ms + 1296000000 WHERE clock = 'test'")
        done = one.send(client)
        assert (done.json["before"], done.json["now"]) == (
            "2026-01-01T00:00:00Z",
            "2026-01-31T00:00:00Z",
        )
        assert client.get("/v1/clock")["now"] == "2026-01-31T00:00:00Z"
        assert one.send(client).body == done.body


def test_a_clock_that_came_there_untold_is_not_moved_again(stage: Stage) -> None:
    client, one = asked(stage, "advance_clock")
    stage.engine.stop()
    assert one.send(client).status == 503
    with restarted(stage) as fresh:
        client = fresh.with_key(client.key)
        client.post("/v1/clock/advance", {"to": "2026-03-01T00:00:00Z"}, status=200)
        done = one.send(client)
        assert (done.json["finished"], done.json["items"]) == (True, 0)
        assert (done.json["target"], done.json["now"]) == (
            "2026-01-31T00:00:00Z",
            "2026-03-01T00:00:00Z",
        )


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    steps: int


class Walked(msgspec.Struct, frozen=True, kw_only=True):
    steps: int
    finished: bool


def test_a_run_is_answered_anew_until_it_is_finished(stage: Stage) -> None:
    lengths, walked = iter([2, 9]), list[int]()

    def prepares(_: Desk, asked: Walk) -> Walk:
        return msgspec.structs.replace(asked, steps=next(lengths))

    def runs(_: Desk, walk: Walk) -> Walked:
        walked.append(walk.steps)
        return Walked(steps=len(walked), finished=len(walked) == walk.steps)

    route = Run(
        method="POST", path="/", summary="", scope="write", asks=Walk, gives=Walked,
        prepares=prepares, prepared=Walk, runs=runs,
    )  # fmt: skip
    with stage.backend.read() as unit:
        caller = find_key(unit, hashlib.sha256(stage.key.encode()).hexdigest())
    assert caller is not None
    desk = Desk(parts=parts_of(stage, stage.engine), caller=caller, request_id=new_request_id())
    bodies = [
        perform_run(route, desk, Walk(steps=0), Memory(desk, "k", "hash")).body for _ in range(3)
    ]
    assert [msgspec.json.decode(body) for body in bodies] == [
        {"steps": 1, "finished": False},
        {"steps": 2, "finished": True},
        {"steps": 2, "finished": True},
    ]
    assert walked == [2, 2]


def test_a_key_is_forgotten_after_its_time(stage: Stage) -> None:
    client, one = asked(stage, "create_endpoint")
    first = one.send(client)
    at_ms = stage.engine.clock.real_ms()
    with stage.backend.transaction() as unit:
        assert purge(unit, PROGRAM, at_ms + LIFE_MS - 60_000) == 0
        assert purge(unit, PROGRAM, at_ms + LIFE_MS + 1) == 1
    second = one.send_other(client)
    assert second.status == 201
    assert second.json["endpoint"]["id"] != first.json["endpoint"]["id"]
