"""Read models: pages that neither skip nor repeat, and filters that hold."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from stampbook.commands.award_points import AwardPoints
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.store.reading.coupons import coupons, find_coupon
from stampbook.store.reading.members import MemberFilter, find_id, find_member, members
from stampbook.store.reading.orders import find_order, orders
from stampbook.store.reading.page import CursorError, Page
from stampbook.store.reading.points import entries, find_transaction, lots, transactions
from stampbook.store.reading.programs import find_program, programs, versions
from stampbook.values.instants import from_ms
from tests.engine.shop import PROGRAM, START_MS, Shop, opened


def walk(page: Callable[[str | None], Page[Any]]) -> list[Any]:
    found: list[Any] = []
    after: str | None = None
    while True:
        piece = page(after)
        found += piece.items
        if piece.next is None:
            return found
        assert piece.items
        after = piece.next


def fill(shop: Shop) -> None:
    enrolments = [
        EnrollMember(
            member_id=f"m{number}",
            email_address=f"m{number}@example.org",
            tags=("vip", "10%") if number % 2 else ("vip_",),
            first_name='says "vip"',
        )
        for number in range(7)
    ]
    for each in enrolments:
        shop.do(each)
        shop.clock.at_ms += 1000
    for number in range(5):
        shop.do(RecordOrder(order_id=f"o{number}", member_id="m1", order_subtotal=100))
    shop.do(AwardPoints(member_id="m1", activity_id="post"))
    for _ in range(3):
        shop.do(RedeemReward(member_id="m1", reward_id="mug"))
    shop.do(DeleteMembers(member_ids=("m6",)))


def test_members_are_listed_by_what_is_asked(database_url: str) -> None:
    with opened(database_url) as shop:
        fill(shop)

        def listed(**chosen: Any) -> list[str]:
            with shop.backend.read() as unit:
                found = walk(
                    lambda after: members(
                        unit, PROGRAM, MemberFilter(**chosen), limit=2, after=after
                    )
                )
            return [member.member_id for member in found]

        assert listed() == ["m0", "m1", "m2", "m3", "m4", "m5"]
        assert listed(status="deleted") == ["m6"]
        assert listed(tag="vip") == ["m1", "m3", "m5"]
        assert listed(tag="vip_") == ["m0", "m2", "m4"]
        assert listed(tag="10%") == ["m1", "m3", "m5"]
        assert listed(tag='says "vip"') == []
        assert listed(email_address="m2@example.org") == ["m2"]
        assert listed(available_min=100) == ["m1"]
        assert listed(tier_id="red") == ["m1"]
        second = from_ms(START_MS) + timedelta(seconds=1)
        assert listed(enrolled_from=second, enrolled_before=second + timedelta(seconds=2)) == [
            "m1",
            "m2",
        ]


def test_what_a_member_has_is_listed_newest_first(database_url: str) -> None:
    with opened(database_url) as shop, shop.backend.read() as before:
        fill(shop)
        del before
        with shop.backend.read() as unit:
            member = find_id(unit, PROGRAM, "m1")
            assert member is not None
            lists: dict[str, Callable[..., Page[Any]]] = {
                "orders": orders,
                "coupons": coupons,
                "lots": lots,
                "entries": entries,
            }
            for name, pages in lists.items():
                whole = pages(unit, PROGRAM, member, limit=100).items
                pieces = walk(
                    lambda after, pages=pages: pages(unit, PROGRAM, member, limit=2, after=after)
                )
                assert pieces == list(whole), name
                assert len(pieces) > 2, name
            order_ids = [order.order_id for order in orders(unit, PROGRAM, member, limit=9).items]
            assert order_ids == ["o4", "o3", "o2", "o1", "o0"]
            assert len(lots(unit, PROGRAM, member, is_open=True, limit=9).items) == 2
            assert len(lots(unit, PROGRAM, member, is_open=False, limit=9).items) == 3


def test_transactions_are_listed_by_member_kind_and_status(database_url: str) -> None:
    with opened(database_url) as shop:
        fill(shop)
        with shop.backend.read() as unit:
            everything = walk(lambda after: transactions(unit, PROGRAM, limit=3, after=after))
            assert len(everything) == 9
            pending = transactions(unit, PROGRAM, status="pending", kind="award", limit=9).items
            assert [each.activity_id for each in pending] == ["post"]
            redeemed = transactions(unit, PROGRAM, kind="redeem", status="redeemed", limit=9).items
            assert len(redeemed) == 3
            assert find_transaction(unit, PROGRAM, redeemed[0].id) == redeemed[0]
            assert find_transaction(unit, PROGRAM, "none") is None


def test_single_records_are_found(database_url: str) -> None:
    with opened(database_url) as shop:
        fill(shop)
        with shop.backend.read() as unit:
            order, deleted = find_order(unit, PROGRAM, "o1"), find_member(unit, PROGRAM, "m6")
            assert order is not None
            assert order.member_id == "m1"
            assert deleted is not None
            assert deleted.status == "deleted"
            assert find_member(unit, PROGRAM, "nobody") is None
            assert find_coupon(unit, PROGRAM, "none") is None
            assert [program.id for program in programs(unit)] == [PROGRAM]
            assert find_program(unit, "nowhere") is None
            assert [each.version for each in versions(unit, PROGRAM)] == [1]


@pytest.mark.parametrize("cursor", ["x", "e30", "WzFd", "WyJhIiwiYiJd", "[]"])
def test_a_cursor_that_no_page_gave_is_refused(sqlite_url: str, cursor: str) -> None:
    with opened(sqlite_url) as shop, shop.backend.read() as unit, pytest.raises(CursorError):
        members(unit, PROGRAM, MemberFilter(), limit=2, after=cursor)
