"""What every command answers, whatever it is."""

import asyncio

import pytest

from stampbook.api.exchange import Exchange, Message, Scope, new_request_id
from stampbook.api.problem import ProblemError
from tests.api.stage import OTHER_PROGRAM, Client, Stage

ORDER = {"order_id": "o-1", "member_id": "m-1", "order_subtotal": "12.50"}


def test_a_command_is_answered_with_its_result(client: Client) -> None:
    answer = client.call("POST", "/v1/orders", ORDER)
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["order"]["attributes"]["order_subtotal"] == "12.50"
    assert answer.json["transaction"]["points"] == 25
    assert answer.json["member"]["member_id"] == "m-1"


def test_a_refusal_is_a_problem_with_its_code(client: Client) -> None:
    client.post("/v1/orders", ORDER)
    answer = client.call("POST", "/v1/orders", ORDER)
    assert answer.status == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert problem["code"] == "order.already_recorded"
    assert problem["type"] == "/docs/problems/order.already_recorded"
    assert problem["status"] == 409
    assert problem["title"]
    assert problem["remedy"]
    assert client.call("GET", problem["type"]).status == 200


def test_the_same_key_and_body_give_the_same_answer(client: Client) -> None:
    key = {"idempotency-key": "k-1"}
    first = client.call("POST", "/v1/orders", ORDER, headers=key)
    again = client.call("POST", "/v1/orders", ORDER, headers=key)
    assert (again.status, again.body) == (first.status, first.body)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert first.headers["x-request-id"] != again.headers["x-request-id"]


def test_a_refusal_is_replayed_too(client: Client) -> None:
    client.post("/v1/orders", ORDER)
    key = {"idempotency-key": "k-1"}
    first = client.call("POST", "/v1/orders", ORDER, headers=key)
    again = client.call("POST", "/v1/orders", ORDER, headers=key)
    assert (first.status, again.status) == (409, 409)
    assert again.body == first.body
    assert again.headers["idempotency-replayed"] == "true"


def test_the_same_key_with_another_body_or_path_is_refused(client: Client) -> None:
    key = {"idempotency-key": "k-1"}
    client.call("POST", "/v1/orders", ORDER, headers=key)
    other = client.call("POST", "/v1/orders", ORDER | {"order_id": "o-2"}, headers=key)
    assert (other.status, other.json["code"]) == (422, "idempotency.key_reused")
    elsewhere = client.call("POST", "/v1/orders/o-1/return", ORDER, headers=key)
    assert elsewhere.status == 400
    elsewhere = client.call("POST", "/v1/orders/o-1/return", {}, headers=key)
    assert (elsewhere.status, elsewhere.json["code"]) == (422, "idempotency.key_reused")


def test_an_idempotency_key_is_of_one_caller(stage: Stage) -> None:
    key = {"idempotency-key": "k-1"}
    stage.client.call("POST", "/v1/orders", ORDER, headers=key)
    other = stage.client.with_key(stage.add_key("second", "write"))
    answer = other.call("POST", "/v1/orders", ORDER, headers=key)
    assert (answer.status, answer.json["code"]) == (409, "order.already_recorded")


def test_an_idempotency_key_that_cannot_be_kept_is_refused(small_client: Client) -> None:
    for key in ("", "a b", "x" * 256, "\x7f"):
        answer = small_client.call("POST", "/v1/orders", ORDER, headers={"idempotency-key": key})
        assert (answer.status, answer.json["code"]) == (400, "idempotency.key_invalid")
    longest = {"idempotency-key": "x" * 255}
    assert small_client.call("POST", "/v1/orders", ORDER, headers=longest).status == 201


def test_only_json_is_read(small_client: Client) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
        answer = small_client.call(
            "POST", "/v1/orders", ORDER, headers={"content-type": media_type}
        )
        assert (answer.status, answer.json["code"]) == (415, "request.media_type_unsupported")
    with_charset = {"content-type": "Application/JSON; charset=UTF-8"}
    assert small_client.call("POST", "/v1/orders", ORDER, headers=with_charset).status == 201


def test_a_body_over_the_limit_is_refused(small_client: Client) -> None:
    body = b'{"order_id":"' + b"x" * 1024 * 1024 + b'"}'
    for headers in ({}, {"content-length": str(len(body))}):
        answer = small_client.call("POST", "/v1/orders", raw=body, headers=headers)
        assert (answer.status, answer.json["code"]) == (413, "request.too_large")


def test_a_broken_body_names_what_is_wrong(small_client: Client) -> None:
    answer = small_client.call("POST", "/v1/orders", raw=b"{")
    assert (answer.status, answer.json["code"]) == (400, "request.malformed")
    answer = small_client.call("POST", "/v1/orders", ORDER | {"member_id": 7})
    assert (answer.status, answer.json["field"]) == (400, "/member_id")


def test_a_command_may_have_no_body(small_client: Client) -> None:
    small_client.post("/v1/orders", ORDER)
    answer = small_client.call("POST", "/v1/orders/o-1/return")
    assert (answer.status, answer.json["order"]["returned_in_full"]) == (200, True)


def test_the_request_id_is_the_cause_of_the_facts(stage: Stage) -> None:
    answer = stage.client.call("POST", "/v1/orders", ORDER)
    with stage.backend.read() as unit:
        causes = unit.rows("SELECT DISTINCT cause FROM fact")
    assert causes == [(answer.headers["x-request-id"],)]


def test_a_key_writes_to_its_own_program_only(stage: Stage) -> None:
    stage.client.post("/v1/orders", ORDER)
    other = stage.client.with_key(stage.add_key("other", "write", program=OTHER_PROGRAM))
    answer = other.call("PATCH", "/v1/orders/o-1", {"status": "open"})
    assert (answer.status, answer.json["code"]) == (404, "order.not_found")


def test_a_full_queue_answers_come_back_later(small_stage: Stage) -> None:
    small_stage.engine.stop()
    answer = small_stage.client.call("POST", "/v1/orders", ORDER)
    assert (answer.status, answer.json["code"]) == (503, "engine.busy")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_body_that_never_ends_is_given_up() -> None:
    pieces = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return pieces.pop(0)

    scope: Scope = {"headers": [], "query_string": b""}
    exchange = Exchange(scope, receive, {}, new_request_id())
    with pytest.raises(ProblemError) as caught:
        asyncio.run(exchange.body())
    assert caught.value.problem.code == "request.incomplete"
