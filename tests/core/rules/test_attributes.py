from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from stampbook.core.definition import Activity, Computation, Condition, Rule
from stampbook.core.rules.attributes import (
    MEMBER_FIELDS,
    attribute_at,
    known_paths,
    read_member,
)
from stampbook.core.rules.evaluate import member_inputs
from stampbook.nouns.examples import EXAMPLE_MEMBER
from stampbook.nouns.member import Address, TierStanding
from stampbook.values import json

MEMBER = replace(
    EXAMPLE_MEMBER,
    tags=("vip",),
    address=Address(country="DE"),
    birthdate=date(1990, 2, 28),
    enrolled_at=datetime(2030, 5, 1, 8, 30, tzinfo=UTC),
    custom_attributes={"club": "north", "sizes": [1, 2]},
    number_of_purchases=3,
    tier=TierStanding(tier_id="gold", name="Gold", period_start=datetime(2030, 5, 1, tzinfo=UTC)),
)


def read(path: str) -> object:
    attribute = attribute_at(path)
    assert attribute is not None
    return read_member(attribute, MEMBER)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("member.member_id", MEMBER.member_id),
        ("member.tags", ["vip"]),
        ("member.tier", "gold"),
        ("member.address.country", "DE"),
        ("member.address.city", None),
        ("member.birthdate", "1990-02-28"),
        ("member.enrolled_at", "2030-05-01T08:30:00Z"),
        ("member.number_of_purchases", 3),
        ("member.custom.club", "north"),
        ("member.custom.sizes", [1, 2]),
        ("member.custom.none", None),
    ],
)
def test_a_path_reads_the_member(path: str, found: object) -> None:
    assert read(path) == found


@pytest.mark.parametrize(
    "path",
    [
        "",
        "member",
        "member.",
        "member.shoe",
        "member.custom.",
        "member.address",
        "transaction.",
        "transaction.products",
        "products.colour",
        "order.total",
        "tier",
    ],
)
def test_a_path_that_reads_nothing_is_none(path: str) -> None:
    assert attribute_at(path) is None


def test_every_known_path_is_found_and_every_member_field_is_json() -> None:
    assert all(attribute_at(path) for path in known_paths())
    for name in MEMBER_FIELDS:
        found = read(f"member.{name}")
        assert json.decode(json.encode(found), object) == found


def test_inputs_are_what_the_active_rules_read_and_survive_storage() -> None:
    def rule(name: str, *paths: str, is_active: bool = True) -> Rule:
        conditions = tuple(Condition(attribute=path, operator="is_set") for path in paths)
        return Rule(name=name, effect="add", value=1, conditions=conditions, is_active=is_active)

    activity = Activity(
        id="a",
        name="A",
        computation=Computation(kind="fixed", points=1),
        rules=(
            rule("one", "member.tier", "transaction.order_total"),
            rule("two", "member.custom.club", "member.tier", "products.product_id"),
            rule("off", "member.tags", is_active=False),
        ),
    )
    inputs = member_inputs(activity, MEMBER, 1.25)
    assert inputs == {
        "member.tier": "gold",
        "member.custom.club": "north",
        "tier_multiplier": 1.25,
    }
    assert json.decode(json.encode(inputs), dict) == inputs
