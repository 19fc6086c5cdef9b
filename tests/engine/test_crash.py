"""A writer that breaks: nobody waits for ever, and the engine says that it is not well."""

import time
from threading import Event

import pytest
from msgspec import Struct

from stampbook.commands import Command, decide
from stampbook.commands.enroll_member import EnrollMember
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.engine import queue
from stampbook.engine.queue import QueueFullError
from stampbook.engine.submission import Done, Ticket, Unavailable
from stampbook.values.json import encode_text
from tests.engine.shop import PROGRAM, WAIT_SECONDS, Shop, opened

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

ANN, BOB = EnrollMember(member_id="ann"), EnrollMember(member_id="bob")


def subscribe(shop: Shop) -> None:
    with shop.backend.transaction() as unit:
        unit.insert(
            "endpoint",
            (
                "program_id", "id", "url", "dialect", "event_types", "secrets", "batch_size",
                "status", "created_at_ms", "updated_at_ms", "description",
            ),
            [(
                PROGRAM, "e" * 24, "https://nobody.example/", "native", encode_text([]), "", 100,
                "active", 0, 0, "",
            )],
        )  # fmt: skip


def assert_is_unwell(shop: Shop) -> None:
    for thread in shop.engine._threads:
        thread.join(WAIT_SECONDS)
    assert not shop.engine.is_running
    with pytest.raises(QueueFullError):
        shop.engine.submit(shop.submission(BOB))


def test_nobody_waits_when_the_sender_cannot_be_woken(sqlite_url: str) -> None:
    waiting = Event()

    def slowly(draft: Draft, command: Command) -> Struct | Refused:
        waiting.wait(WAIT_SECONDS)
        return decide(draft, command)

    def broken(_: int) -> None:
        raise RuntimeError("the sender is gone")

    with opened(sqlite_url, decide=slowly, on_deliveries=broken) as shop:
        subscribe(shop)
        first = shop.engine.submit(shop.submission(ANN))
        while shop.engine.waiting:  # until the writer has taken it
            time.sleep(0.001)
        second = shop.engine.submit(shop.submission(BOB))
        waiting.set()
        assert isinstance(first.result(WAIT_SECONDS), Done)
        assert isinstance(second.result(WAIT_SECONDS), Unavailable)
        assert_is_unwell(shop)


def test_nobody_waits_when_the_queue_breaks(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Ticket) -> int:
        raise RuntimeError("a weight that cannot be told")

    monkeypatch.setattr(queue, "weight", broken)
    with opened(sqlite_url) as shop:
        waiter = shop.engine.submit(shop.submission(ANN))
        assert isinstance(waiter.result(WAIT_SECONDS), Unavailable)
        assert_is_unwell(shop)
