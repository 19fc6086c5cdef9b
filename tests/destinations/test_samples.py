"""A sample goes wherever its endpoint leads, by the rules that hold for every other request."""

from collections.abc import Generator

import pytest

from stampbook.bootstrap import App
from stampbook.config import load
from tests.destinations.letters import a_letter, error_of, receipt_of
from tests.destinations.peers import NATS_GREETING, keep, running_peer


@pytest.fixture
def app(sqlite_url: str) -> Generator[App]:
    """A process that answers the API and delivers nothing, with one destination switched on."""
    environment = {
        "STAMPBOOK_DATABASE_URL": sqlite_url,
        "STAMPBOOK_DELIVERY_ALLOW_PRIVATE": "true",
        "STAMPBOOK_DELIVERY_DESTINATIONS": "nats",
    }
    opened = App(load(environment).settings, "api")
    opened.start()
    yield opened
    opened.stop()


def test_a_sample_reaches_a_broker_and_leaves_no_connection(app: App) -> None:
    with running_peer(NATS_GREETING, keep) as peer:
        response = app.send_once(a_letter(f"nats://127.0.0.1:{peer.port}/loyalty"))
        assert receipt_of(response)
        assert peer.wait_for_parted(1)
        assert peer.connections == 1


def test_a_sample_reaches_no_broker_that_is_not_switched_on(app: App) -> None:
    with running_peer() as peer:
        response = app.send_once(a_letter(f"amqp://127.0.0.1:{peer.port}/?routing_key=x"))
        assert "delivery.destinations" in error_of(response)
        assert peer.connections == 0
