"""A sound database verifies; whatever somebody changed by hand is named."""

import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Stampbook

RULES = """\
[program]
name = "Beans"

[[activities]]
id = "purchase"
name = "Purchase"
on = "order"
computation = { kind = "multiplier_based" }
"""
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"


@pytest.fixture
def shop(sandbox: Stampbook, tmp_path: Path) -> Stampbook:
    (tmp_path / "rules.toml").write_text(RULES)
    (tmp_path / "orders.csv").write_text(
        "order_id,member_id,order_subtotal\no-1,m-1,10\no-2,m-1,20\no-3,m-2,5\n"
    )
    assert sandbox("program", "apply", str(tmp_path / "rules.toml"), "--yes").code == 0
    assert sandbox("import", "orders", str(tmp_path / "orders.csv")).code == 0
    return sandbox


def test_a_sound_database_verifies(shop: Stampbook) -> None:
    ran = shop("verify")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Sound: 2 members, 3 entries")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE member SET available = available + 7 WHERE member_id = 'm-1'",
        "UPDATE member SET body = json_set(body, '$.balances.earned', 9) WHERE member_id = 'm-1'",
        "UPDATE lot SET remaining = remaining - 1 WHERE points = 20",
        "DELETE FROM entry WHERE points = 20",
        "UPDATE entry SET points = points + 1 WHERE points = 20",
        "DELETE FROM fact WHERE type = 'points.earned' AND sequence = 5",
    ],
)
def test_a_change_by_hand_is_named(shop: Stampbook, sqlite_url: str, change: str) -> None:
    database = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    with database:
        for (trigger,) in database.execute(TRIGGERS).fetchall():  # they forbid it
            database.execute(f"DROP TRIGGER {trigger}")
        assert database.execute(change).rowcount == 1
    database.close()
    ran = shop("verify")
    assert ran.code == 1
    assert "m-1" in ran.out
    assert "m-2" not in ran.out
    assert "Remedy: " in ran.err
    assert shop("verify", "--program", "Beans").code == 1
