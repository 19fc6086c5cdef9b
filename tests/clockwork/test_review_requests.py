"""A customer is asked for a review once, some days after the order was fulfilled."""

from datetime import timedelta

from msgspec.structs import replace

from stampbook.clockwork.advance import AdvanceReport, advance
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.return_order import ReturnOrder
from stampbook.commands.update_order import UpdateOrder
from stampbook.core.growth import Reminders, Reviews
from stampbook.engine.submission import Done
from stampbook.facts.review.requested import ReviewRequested
from stampbook.values.instants import from_ms
from stampbook.values.json import decode
from tests.engine.shop import DEFINITION, PROGRAM, START_MS, Shop, opened

START = from_ms(START_MS)
DAY = timedelta(days=1)
ASKING = replace(
    DEFINITION,
    reminders=Reminders(expiring_days=(), review_days=5),
    reviews=Reviews(link="https://shop.example/review/{order_id}"),
)


def move(shop: Shop, days: int) -> None:
    to = START + days * DAY
    assert isinstance(advance(shop.engine, PROGRAM, to, cause="clock"), AdvanceReport)


def asked(shop: Shop) -> list[ReviewRequested]:
    rows = shop.rows("SELECT body FROM fact WHERE type = 'review.requested' ORDER BY position")
    return [decode(body, ReviewRequested) for (body,) in rows]


def test_each_fulfilled_order_is_asked_about_once(database_url: str) -> None:
    with opened(database_url, definition=ASKING, test_clock_ms=START_MS) as shop:
        for number in range(4):
            order = RecordOrder(order_id=f"o{number}", member_id=f"m{number}", order_subtotal=20)
            assert isinstance(shop.do(order), Done)
        move(shop, 2)
        for number in range(4):
            shop.do(UpdateOrder(order_id=f"o{number}", delivery_status="delivered"))
        shop.do(ReturnOrder(order_id="o1"))
        shop.do(DeleteMembers(member_ids=("m2",)))
        move(shop, 6)
        assert asked(shop) == []
        move(shop, 8)
        [first, second] = asked(shop)
        assert {one.order.order_id for one in (first, second)} == {"o0", "o3"}
        assert first.link == f"https://shop.example/review/{first.order.order_id}"
        times = shop.rows("SELECT occurred_at_ms FROM fact WHERE type = 'review.requested'")
        assert {from_ms(at) for (at,) in times} == {START + 7 * DAY}
        shop.do(UpdateOrder(order_id="o0", status="fulfilled"))
        move(shop, 40)
        assert len(asked(shop)) == 2
