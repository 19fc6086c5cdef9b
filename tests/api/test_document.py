"""Schemathesis calls every operation as the document says, and holds each answer against it."""
# schemathesis is typed in part only
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false

import os
from collections.abc import Generator
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig

from stampbook.api.exchange import Receive, Scope, Send
from stampbook.api.openapi import document
from stampbook.api.route import catalogue
from stampbook.api.site import Site
from tests.api.stage import OTHER_PROGRAM, Client, open_stage

EXAMPLES = {"ci": 30, "deep": 300}.get(os.environ.get("STAMPBOOK_HYPOTHESIS", ""), 20)
CONFIG = {
    "checks": {
        # what no schema can say is answered 400 or 422: an unknown zone in TOML, a refusal
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "400", "401", "403", "404", "409", "422"]
        },
    },
    "phases": {"examples": {"enabled": True}, "coverage": {"enabled": True}},
}

SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]

SEEDS: dict[str, str] = {}
"""What exists, by the name of the field or parameter that asks for it."""


def seed(client: Client) -> None:
    for name in ("m-1", "m-2"):
        client.post("/v1/members", {"member_id": name})
    order = {"order_id": "o-1", "member_id": "m-1", "order_subtotal": 400}
    award = client.post("/v1/orders", order)["transaction"]["id"]
    client.post("/v1/points/award", {"member_id": "m-1", "activity_id": "survey"})
    redeemed = client.post("/v1/redemptions", {"member_id": "m-1", "reward_id": "mug"})
    endpoint = client.post("/v1/endpoints", {"url": "http://127.0.0.1:9/"})["endpoint"]["id"]
    client.post("/v1/members", {"member_id": "m-3"})
    [delivery, *_] = client.get(f"/v1/endpoints/{endpoint}/deliveries")["items"]
    SEEDS.update(
        member_id="m-1",
        order_id="o-1",
        transaction_id=award,
        code=redeemed["coupon"]["code"],
        reward_id="mug",
        activity_id="review",
        tier_id="gold",
        program_id=OTHER_PROGRAM,
        endpoint_id=endpoint,
        delivery_id=delivery["id"],
    )


class Stand:
    """Stands in for the application while the tests are collected: no database is open yet."""

    def __init__(self) -> None:
        self.app: Site | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


stand = Stand()
schema = schemathesis.openapi.from_dict(
    document(catalogue(), ""), config=SchemathesisConfig.from_dict(CONFIG)
)
schema.app = stand
schema.location = "/openapi.json"


@pytest.fixture(scope="module")
def authorization(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Generator[dict[str, str]]:
    """Set the stage for every operation; the header of a key that may do everything."""
    path = copyfile(sqlite_template, tmp_path_factory.mktemp("document") / "stampbook.db")
    with open_stage(f"sqlite:///{path}") as stage:
        key = stage.add_key("sandbox", "read", "write", "admin", program=OTHER_PROGRAM)
        seed(stage.client.with_key(key))
        stand.app = stage.client.app
        yield {"Authorization": f"Bearer {key}"}


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
def test_every_answer_is_one_that_the_document_declares(
    case: Case[Any], authorization: dict[str, str]
) -> None:
    aim(case)
    case.call_and_validate(headers=authorization)


def aim(case: Case[Any]) -> None:
    """Let half of the well-formed requests name what exists, but for those that would end it."""
    meta = case.meta
    is_well_formed = meta is not None and meta.generation.mode is GenerationMode.POSITIVE
    if not is_well_formed or "delete" in case.operation.definition.raw["operationId"]:
        return
    if len(repr((case.path_parameters, case.query, case.body))) % 2:
        return
    for parts in (case.path_parameters, case.body):
        if isinstance(parts, dict):
            for name in parts.keys() & SEEDS.keys():
                parts[name] = SEEDS[name]
