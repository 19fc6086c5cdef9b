"""Who speaks in a webhook: as the program named itself when the fact happened."""

import json

from stampbook.core.definition import Definition, PointsSettings
from stampbook.nouns.examples import EXAMPLE_NOW
from stampbook.values.instants import to_ms
from tests.contract import nector_reader
from tests.delivery.stage import Stage

BEFORE = Definition(name="Old name", currency="INR", points=PointsSettings(name="cups"))
AFTER = Definition(name="New name", website="https://new.example")


def test_a_retry_names_the_business_as_the_first_try_did(stage: Stage) -> None:
    happened_ms = to_ms(EXAMPLE_NOW)
    stage.define(BEFORE, 1, happened_ms - 1)
    stage.sink.modes["/shop"] = "fail"
    endpoint = stage.endpoint("/shop", dialect="nector")
    stage.deliver(endpoint)
    assert stage.drain()
    stage.define(AFTER, 2, happened_ms + 1)
    stage.sink.modes["/shop"] = "accept"
    stage.clock.now_ms += 60_000
    assert stage.drain()
    first, second = stage.sink.received
    assert first.body == second.body
    assert nector_reader.check(second.body, second.headers, stage.secret) == []
    body = json.loads(second.body)
    assert (body["business_name"], body["business_coin_name"]) == ("Old name", "cups")
    assert (body["business_currency_code"], body["business_currency_symbol"]) == ("inr", "₹")


def test_a_fact_from_before_every_definition_is_spoken_by_the_first(stage: Stage) -> None:
    stage.define(BEFORE, 1, to_ms(EXAMPLE_NOW) + 1)
    stage.define(AFTER, 2, to_ms(EXAMPLE_NOW) + 2)
    endpoint = stage.endpoint("/shop", dialect="nector")
    stage.deliver(endpoint)
    assert stage.drain()
    (received,) = stage.sink.received
    assert json.loads(received.body)["business_name"] == "Old name"
