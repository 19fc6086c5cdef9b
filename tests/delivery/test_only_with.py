"""An endpoint is sent what says the things that it asks for, and the rest is skipped, not lost."""

import json
from typing import Any

import pytest

from stampbook.core.asking import has_value
from stampbook.core.definition import Definition
from tests.delivery.stage import Stage


def test_what_says_too_little_is_skipped_without_a_request(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop", only_with=("data.member.phone_number",))
    stage.deliver(endpoint, fact_type="points.earned")
    stage.deliver(endpoint, fact_type="member.enrolled")  # a newcomer with an e-mail address alone
    assert stage.drain()
    assert [json.loads(one.body)["type"] for one in stage.sink.received] == ["points.earned"]
    assert stage.deliveries(endpoint, "status, attempts") == [("delivered", 1), ("skipped", 0)]
    assert stage.drain()
    assert len(stage.sink.received) == 1


def test_every_field_must_have_a_value(stage: Stage) -> None:
    fields = ("data.member.email_address", "data.member.birthdate")
    endpoint = stage.endpoint("/shop", only_with=fields)
    stage.deliver(endpoint, fact_type="member.enrolled")
    assert stage.drain()
    assert stage.statuses(endpoint) == ["skipped"]


def test_a_body_of_several_goes_without_those_that_are_skipped(stage: Stage) -> None:
    endpoint = stage.endpoint(
        "/shop", dialect="zinrelo", only_with=("data.member_info.phone_number",)
    )
    stage.sink.modes["/shop"] = "fail"
    kept = stage.deliver(endpoint, 2, fact_type="points.earned")
    stage.deliver(endpoint, 1, fact_type="member.enrolled")
    assert stage.drain()
    assert stage.statuses(endpoint) == ["pending", "pending", "skipped"]
    stage.sink.modes["/shop"] = "accept"
    stage.clock.now_ms += 60_000
    assert stage.drain()
    first, second = stage.sink.received
    assert first.body == second.body
    assert [event["id"] for event in json.loads(second.body)["events"]] == kept
    assert stage.statuses(endpoint) == ["delivered", "delivered", "skipped"]


def test_fields_are_those_of_the_dialect(stage: Stage) -> None:
    stage.define(Definition(name="Shop"), 1, 0)
    endpoint = stage.endpoint("/shop", dialect="nector", only_with=("user_mobile",))
    stage.deliver(endpoint, fact_type="points.earned")
    stage.deliver(endpoint, fact_type="member.enrolled")
    assert stage.drain()
    assert [one.headers["x-nector-topic"] for one in stage.sink.received] == ["walletreward_create"]
    assert stage.statuses(endpoint) == ["delivered", "skipped"]


@pytest.mark.parametrize("nothing", [None, "", [], {}])
def test_empty_things_are_no_values(nothing: Any) -> None:
    assert not has_value({"a": {"b": nothing}}, "a.b")


@pytest.mark.parametrize("something", [0, False, "0", ["x"], {"c": None}])
def test_zero_and_false_are_values(something: Any) -> None:
    assert has_value({"a": {"b": something}}, "a.b")


@pytest.mark.parametrize("field", ["b", "a.c", "a.b.c", "a."])
def test_what_is_not_there_has_no_value(field: str) -> None:
    assert not has_value({"a": {"b": "x"}}, field)


def test_what_went_while_a_replay_chose_it_is_skipped_without_a_request(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop")
    [gone] = stage.deliver(endpoint, fact_type="points.earned")
    [kept] = stage.deliver(endpoint, fact_type="points.earned")
    with stage.backend.transaction() as unit:
        assert unit.run("UPDATE fact SET body = '' WHERE id = ?", (gone,)) == 1
    assert stage.drain()
    [request] = stage.sink.received
    assert (request.headers["webhook-id"], request.headers["stampbook-sequence"]) == (kept, "1")
    assert sorted(stage.statuses(endpoint)) == ["delivered", "skipped"]
