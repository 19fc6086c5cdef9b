"""Verify: whatever is changed behind the ledger's back is found."""

import pytest

from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.store.backend import Unit
from stampbook.store.verify import Verified, verify
from tests.engine.shop import PROGRAM, Shop, opened

UNEXPECTED_DELIVERIES = """
INSERT INTO delivery (program_id, id, endpoint_id, fact_id, fact_type, cause, position, status,
    due_at_ms, attempts)
SELECT program_id, id, 'e', id, type, cause, position, 'pending', 0, 0 FROM fact
"""
UNWRITTEN_TRANSACTION = """
INSERT INTO points_transaction
SELECT program_id, 'ffffffffffffffffffffffff', member, kind, status, points, order_id,
    created_at_ms, body
FROM points_transaction WHERE kind = 'redeem' AND status = 'pending'
"""
SECOND_ENTRY = """
INSERT INTO entry
SELECT program_id, 'ffffffffffffffffffffffff', member, transaction_id, kind, points, debt,
    qualified, at_ms, available_after, command_id, moves, position
FROM entry WHERE kind = 'redeem'
"""
REPLACE = "UPDATE {table} SET {column} = replace({column}, '{old}', '{new}')"


def fill(shop: Shop) -> None:
    visit = AwardPoints(member_id="ann", activity_id="visit", points=200)
    mug = RedeemReward(member_id="ann", reward_id="mug")
    hold = RedeemReward(member_id="ann", reward_id="mug", hold=True)
    shop.all(shop.submission(each) for each in (EnrollMember(member_id="ann"), visit, visit))
    shop.all(shop.submission(each) for each in (mug, hold))


def found(shop: Shop) -> list[str]:
    with shop.backend.read() as unit:
        return [each.what for each in verify(unit, PROGRAM)]


def test_a_sound_program_has_no_differences(database_url: str) -> None:
    with opened(database_url) as shop:
        fill(shop)
        seen = Verified()
        with shop.backend.read() as unit:
            assert list(verify(unit, PROGRAM, seen)) == []
        assert (seen.members, seen.entries) == (1, 4)
        assert seen.facts == shop.count("fact")


def _run(unit: Unit, sql: str) -> None:
    assert unit.run(sql) > 0


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        (
            REPLACE.format(
                table="member", column="body", old='"available":200', new='"available":201'
            ),
            "balances.available",
        ),
        ("UPDATE member SET available = 7", "member: columns"),
        ("UPDATE member SET open_lots = '[]'", "member: columns"),
        ("UPDATE lot SET remaining = remaining + 1 WHERE remaining > 0", "columns"),
        (
            REPLACE.format(table="lot", column="body", old='"remaining":200', new='"remaining":9'),
            "remaining",
        ),
        (
            REPLACE.format(
                table="member", column="counters", old='"sequence":', new='"sequence":1'
            ),
            "facts: the last sequence",
        ),
        (UNWRITTEN_TRANSACTION, "its entries"),
        ("UPDATE points_transaction SET status = 'approved' WHERE kind = 'redeem'", "column"),
        ("UPDATE reward_count SET redeemed = 0", "reward mug: redeemed"),
        (
            UNEXPECTED_DELIVERIES,
            "deliveries",
        ),
        (
            SECOND_ENTRY,
            "balances.redeemed",
        ),
    ],
)
def test_what_was_changed_by_hand_is_found(database_url: str, sql: str, what: str) -> None:
    with opened(database_url) as shop:
        fill(shop)
        with shop.backend.transaction() as unit:
            _run(unit, sql)
        assert any(what in each for each in found(shop)), found(shop)
