"""The books of a shop, held against what its callers were told."""

from collections import Counter
from collections.abc import Sequence

from stampbook.store.backend import Row
from stampbook.store.verify import verify
from tests.e2e.caller import BAD_REQUEST, MEMBERS_PATH, REDEMPTIONS_PATH, Answered
from tests.e2e.shop import MUGS, PROGRAM, Shop


def nothing_is_lost_or_doubled(shop: Shop, answered: Sequence[Answered], members: int) -> None:
    """What was acknowledged is in the books once, and nothing else is."""
    done = [one for one in answered if one.status < BAD_REQUEST]
    refused = Counter(one.document["code"] for one in answered if one.status >= BAD_REQUEST)
    assert set(refused) <= {"points.insufficient", "reward.out_of_stock", "activity.cap_reached"}
    assert any(one.tries > 1 for one in answered), "no kill was felt"

    replies = [one.document for one in done if one.ask.path != MEMBERS_PATH]
    transactions = [reply["transaction"]["id"] for reply in replies if reply["transaction"]]
    orders = [reply["order"]["order_id"] for reply in replies if "order" in reply]
    mugs = [one for one in done if one.ask.path == REDEMPTIONS_PATH and b'"mug"' in one.ask.body]
    assert len(transactions) == len(set(transactions))
    assert Counter(column(shop, "id", "points_transaction")) == Counter(transactions)
    assert Counter(column(shop, "order_id", "customer_order")) == Counter(orders)
    assert Counter(column(shop, "key", "idempotency")) == Counter(one.ask.key for one in answered)
    assert len(column(shop, "id", "member")) == members
    assert 0 < len(mugs) <= MUGS
    with shop.backend.read() as unit:
        assert list(verify(unit, PROGRAM)) == []


def column(shop: Shop, name: str, table: str) -> list[str]:
    """Give a column of the program's rows."""
    with shop.backend.read() as unit:
        rows: list[Row] = unit.rows(f"SELECT {name} FROM {table} WHERE program_id = ?", (PROGRAM,))
    return [row[0] for row in rows]
