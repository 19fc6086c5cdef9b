"""Names are looked up beside the sender, which goes on with everything else."""

import threading

import pytest

from stampbook.delivery.resolver import (
    ADDRESS_REFUSED,
    ANSWERS_MAX,
    NAME_NOT_FOUND,
    NOT_LOOKED_UP,
    QUEUED_MAX,
    QUEUED_SECONDS,
    THREADS_MAX,
    Found,
    Resolver,
    look_up,
)
from stampbook.values.egress import Target
from tests.delivery.sending import (
    WAIT_SECONDS,
    Names,
    Watch,
    a_request,
    names,
    policy,
    post,
    sending,
)
from tests.delivery.sink import Sink


class Asked:
    """A resolver, and a way to wait for what it says."""

    def __init__(self, look_up: Names, watch: Watch | None = None) -> None:
        self._rang = threading.Semaphore(0)
        self.resolver = Resolver(
            lambda address: address != "10.0.0.1",
            ring=self._rang.release,
            look_up=look_up,
            elapsed=Watch() if watch is None else watch,
        )

    def find(self, host: str) -> Found | None:
        return self.resolver.find(Target(host, 443, None))

    def hear(self) -> list[str]:
        assert self._rang.acquire(timeout=WAIT_SECONDS)
        return self.resolver.arrived()

    def ask(self, host: str) -> Found:
        assert self.find(host) is None
        assert self.hear() == [host]
        found = self.find(host)
        assert found is not None
        return found


def test_a_name_is_looked_up_once_for_a_while() -> None:
    watch, said = Watch(), names(shop__test="192.0.2.1 2001:db8::1 192.0.2.1")
    asked = Asked(said, watch)
    found = asked.ask("shop.test")
    assert found.joined == "192.0.2.1,[2001:db8::1]"
    watch.ahead += 29
    assert asked.find("shop.test") is found
    watch.ahead += 2
    assert asked.ask("shop.test") is not found
    assert said.asked == ["shop.test"] * 2


def test_a_failure_is_soon_forgotten() -> None:
    watch, said = Watch(), Names({"shop.test": [["10.0.0.1"], ["192.0.2.1"]]})
    asked = Asked(said, watch)
    assert asked.ask("shop.test").error == ADDRESS_REFUSED
    assert asked.ask("nobody.test").error == NAME_NOT_FOUND
    watch.ahead += 4
    assert asked.ask("shop.test").error is None


def test_who_asks_meanwhile_does_not_ask_again() -> None:
    release = threading.Event()
    said = Names({"shop.test": [["192.0.2.1"]]}, hung={"shop.test": release})
    asked = Asked(said)
    assert [asked.find("shop.test") for _ in range(3)] == [None] * 3
    release.set()
    assert asked.hear() == ["shop.test"]
    assert said.asked == ["shop.test"]


def test_everything_has_a_limit() -> None:
    release = threading.Event()
    hosts = [f"{number}.test" for number in range(QUEUED_MAX)]
    watch, said = Watch(), Names(hung=dict.fromkeys(hosts, release))
    asked = Asked(said, watch)
    before = threading.active_count()
    assert {asked.find(host) for host in hosts} == {None}
    one_more = asked.find("one-more.test")
    assert one_more is not None
    assert one_more.error == NOT_LOOKED_UP
    assert threading.active_count() - before <= THREADS_MAX
    watch.ahead += QUEUED_SECONDS
    release.set()
    heard = 0
    while heard < QUEUED_MAX:
        heard += len(asked.hear())
    assert len(said.asked) <= THREADS_MAX, "what nobody waits for is not looked up"
    asked.resolver.close()


def test_the_oldest_answer_makes_room() -> None:
    hosts = [f"{number}.test" for number in range(ANSWERS_MAX)]
    asked = Asked(Names({host: [["192.0.2.1"]] for host in ("first.test", *hosts)}))
    for host in ("first.test", *hosts):
        asked.ask(host)
    assert asked.find(hosts[0]) is not None
    assert asked.find("first.test") is None


def test_this_system_knows_itself() -> None:
    assert "127.0.0.1" in look_up("localhost")
    assert look_up("127.0.0.1") == ["127.0.0.1"]


def test_a_name_that_hangs_holds_up_nobody_else(sink: Sink) -> None:
    release = threading.Event()
    said = Names({"hung.test": [["127.0.0.1"]]}, hung={"hung.test": release})
    with sending(policy(allow_private=True), said) as sender:
        requests = [sink.url_of("hung.test", "/hung"), sink.url("/quick")]
        for number, url in enumerate(requests):
            sender.start(number, a_request(url))
        (first,) = sender.wait(WAIT_SECONDS)
        assert (first[0], first[1].status_code) == (1, 204)
        release.set()
        (second,) = sender.wait(WAIT_SECONDS)
        assert (second[0], second[1].status_code) == (0, 204)


def test_a_name_that_hangs_for_too_long_is_given_up(sink: Sink) -> None:
    release = threading.Event()
    said = Names({"hung.test": [["127.0.0.1"]]}, hung={"hung.test": release})
    rule = policy(allow_private=True, connect_timeout_ms=50)
    with sending(rule, said) as sender:
        responses = post(sender, sink.url_of("hung.test"), sink.url_of("hung.test"))
        assert [one.error for one in responses] == ["timed out"] * 2
        assert min(one.duration_ms for one in responses) >= 50
        release.set()
    assert sink.received == []


@pytest.mark.parametrize("name", ["a..test", f"{'a' * 64}.test"])
def test_what_no_system_takes_for_a_name_is_an_error_and_no_accident(name: str) -> None:
    with pytest.raises(OSError, match=r".+"):
        look_up(name)
