"""Brokers and posts for the tests of destinations."""

import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from stampbook.delivery.destinations import choose, known
from stampbook.delivery.gate import Gate, Vet, vetting
from stampbook.delivery.links import Limits
from stampbook.delivery.posts import Posts
from tests.destinations.brokers import (
    NATS_NAME,
    BrokerUnavailableError,
    NatsServer,
    RabbitMQ,
    running_nats,
    running_rabbitmq,
)
from tests.destinations.certificates import certificate_of
from tests.destinations.letters import PostsMaker, a_sender


def _or_skip(unavailable: BrokerUnavailableError) -> None:
    required = os.environ.get("STAMPBOOK_TEST_BROKERS") == "required"
    if required or os.environ.get("CI") == "true":
        raise unavailable
    pytest.skip(f"a broker: {unavailable}")


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    """A NATS server with JetStream; one for each test process, started when first asked for."""
    try:
        with running_nats(tmp_path_factory.mktemp("nats")) as server:
            yield server
    except BrokerUnavailableError as unavailable:
        _or_skip(unavailable)


@pytest.fixture
def mortal_nats(tmp_path: Path) -> Generator[NatsServer]:
    """A NATS server of the test's own, to be killed."""
    try:
        with running_nats(tmp_path) as server:
            yield server
    except BrokerUnavailableError as unavailable:
        _or_skip(unavailable)


@pytest.fixture
def encrypted_nats(tmp_path: Path) -> Generator[tuple[NatsServer, Path]]:
    """A NATS server that insists on TLS, and its certificate."""
    certificate = certificate_of(NATS_NAME, tmp_path)
    more = f'tls {{ cert_file: "{certificate}", key_file: "{certificate}" }}'
    try:
        with running_nats(tmp_path, more) as server:
            yield server, certificate
    except BrokerUnavailableError as unavailable:
        _or_skip(unavailable)


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Generator[RabbitMQ]:
    """A RabbitMQ; one for each test process, started when first asked for."""
    try:
        with running_rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as server:
            yield server
    except BrokerUnavailableError as unavailable:
        _or_skip(unavailable)


@pytest.fixture
def make_posts() -> Generator[PostsMaker]:
    """Makes posts that send to every destination and are closed at the end."""
    opened: list[Posts[str]] = []

    def make(
        *,
        vet: Vet | None = None,
        certificates: Path | None = None,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
    ) -> Posts[str]:
        trusted = None if certificates is None else str(certificates)
        gate = Gate(vet or vetting(allow_private=True), certificates=trusted)
        posts = Posts(a_sender(), choose(known()), gate, limits=limits)
        opened.append(posts)
        return posts

    yield make
    for posts in opened:
        posts.close()


@pytest.fixture
def posts(make_posts: Callable[[], Posts[str]]) -> Posts[str]:
    return make_posts()
