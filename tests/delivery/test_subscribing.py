"""A broker's URL: its password is sealed apart from it, and put back when something is sent."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.lease import EndpointKey, Leased
from stampbook.delivery.access import Access
from stampbook.delivery.destinations import choose
from stampbook.delivery.prepare import prepare
from stampbook.delivery.secrets import Vault, new_master_key
from stampbook.delivery.showing import Watch, shown
from stampbook.delivery.subscribing import (
    CreateEndpoint,
    EndpointChanges,
    EndpointError,
    Workshop,
    change,
    create,
)
from stampbook.dialects import example_of
from stampbook.facts import catalogue
from stampbook.store.endpoints import Endpoint
from stampbook.values.ids import EndpointId, FactId, ProgramId, RequestId
from stampbook.values.json import encode
from stampbook.values.urls import split_credentials, with_credentials, without_credentials

URL = "nats://shop:hu%2Fsh@broker.example:4222/loyalty.facts?stream=LOYALTY"
BARE = "nats://broker.example:4222/loyalty.facts?stream=LOYALTY"
WORKSHOP = Workshop(
    vault=Vault([new_master_key()]),
    random_bytes=random.Random(1).randbytes,
    destinations=choose(["nats"]),
    now=datetime(2026, 5, 4, tzinfo=UTC),
)


def made(url: str = URL, **wishes: Any) -> Endpoint:
    asked = CreateEndpoint(url=url, **wishes)
    return create(asked, EndpointId("e" * 24), WORKSHOP).endpoint


def sent_to(endpoint: Endpoint) -> str:
    leased = Leased(
        endpoint=EndpointKey(ProgramId("a" * 24), endpoint.id),
        url=endpoint.url,
        dialect=endpoint.dialect,
        secrets=endpoint.secrets,
        access=endpoint.access,
        conduct=endpoint.conduct,
        lease_id="l" * 24,
        until_ms=1,
        due_at_ms=0,
        request_id=RequestId("f" * 24),
        sequence=1,
        number=1,
        delivery_ids=("d" * 24,),
        facts=(example_of(catalogue()["points.earned"], FactId("c" * 24)),),
    )
    return prepare(leased, WORKSHOP.vault, WORKSHOP.now).url


def test_a_password_is_sealed_and_put_back_when_something_is_sent() -> None:
    endpoint = made()
    assert endpoint.url == BARE
    assert b"hu%2Fsh" not in encode(endpoint)
    assert sent_to(endpoint) == URL
    watch = Watch(vault=WORKSHOP.vault, healths={}, now_ms=0)
    assert (shown(endpoint, watch).url, shown(endpoint, watch).access) == (BARE, None)


def test_a_password_stays_until_another_url_takes_its_place() -> None:
    endpoint = change(made(), EndpointChanges(description="texts", access=None), WORKSHOP)
    assert sent_to(endpoint) == URL
    other = "nats://a-token@other.example/facts"
    assert sent_to(change(endpoint, EndpointChanges(url=other), WORKSHOP)) == other
    bare = change(endpoint, EndpointChanges(url=BARE), WORKSHOP)
    assert (sent_to(bare), bare.access) == (BARE, "")


def test_a_broker_gets_no_access_beside_its_url() -> None:
    access = Access(headers={"X-Shop": "hush"})
    for ask in (
        lambda: made(access=access),
        lambda: change(made(), EndpointChanges(access=access), WORKSHOP),
    ):
        with pytest.raises(EndpointError) as refused:
            ask()
        assert refused.value.code == "endpoint.access_invalid"
    web = made("https://shop.example/", access=access)
    with pytest.raises(EndpointError) as refused:
        change(web, EndpointChanges(url=URL), WORKSHOP)
    assert refused.value.code == "endpoint.access_elsewhere"
    assert change(web, EndpointChanges(url=URL, access=None), WORKSHOP).url == BARE


@pytest.mark.parametrize(
    "url",
    [
        "kafka://shop:hush@broker.example/facts", "nats://shop:hush@/facts", "nats://",
        "nats://shop:hush@broker.example:hush/facts", "hush", "",
        "https://shop:hush@shop.example/", "HTTPS://shop:hush@shop.example/",
    ],
)  # fmt: skip
def test_a_url_that_leads_nowhere_is_refused_without_being_shown(url: str) -> None:
    for ask in (
        lambda: made(url),
        lambda: change(made(), EndpointChanges(url=url), WORKSHOP),
    ):
        with pytest.raises(EndpointError) as refused:
            ask()
        assert refused.value.code == "endpoint.url_invalid"
        assert "hush" not in str(refused.value.detail)


PARTS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/?#@"))


@given(PARTS, PARTS, st.sampled_from(["", "/", "/facts", "?a=b@c", "/x?a=b@c#d", "#a@b"]))
def test_what_is_split_off_a_url_fits_on_again(credentials: str, hosts: str, rest: str) -> None:
    url = f"nats://{credentials}@{hosts}{rest}"
    bare, found = split_credentials(url)
    assert (bare, found) == (f"nats://{hosts}{rest}", credentials)
    if credentials:
        assert with_credentials(bare, found) == url
    assert without_credentials(bare) == bare
    assert with_credentials(bare, "") == bare
