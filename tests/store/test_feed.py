"""The feed of facts: nothing is skipped, however late a transaction commits."""

from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.engine.submission import Done
from stampbook.store.backend import POSITION_BITS, Unit
from stampbook.store.migrate import migrate
from stampbook.store.reading.facts import facts_of, feed, find_fact
from stampbook.store.reading.members import find_id
from stampbook.store.verify import verify
from tests.engine.shop import PROGRAM, Shop, opened

COLUMNS = ("program_id", "id", "position", "type", "member", "sequence", "occurred_at_ms",
           "recorded_at_ms", "cause", "deliveries", "body")  # fmt: skip


def read(shop: Shop, after: str | None, limit: int = 100) -> tuple[list[str], str, bool]:
    with shop.backend.read() as unit:
        page = feed(unit, PROGRAM, limit=limit, after=after)
    return [fact.id for fact in page.items], page.next, page.has_more


def is_ahead(shop: Shop) -> bool:
    with shop.backend.read() as unit:
        return any("after now" in each.what for each in verify(unit, PROGRAM))


def store_fact(unit: Unit, name: str) -> None:
    position = (unit.number << POSITION_BITS) + 1
    row = (PROGRAM, name, position, "points.earned", name, 1, 0, 0, "c", 0, "{}")
    unit.insert("fact", COLUMNS, [row])


def test_a_late_commit_is_not_skipped(postgres_url: str) -> None:
    with opened(postgres_url) as shop:
        with shop.backend.transaction() as slow:
            store_fact(slow, "slow")
            slow.rows("SELECT 1")  # the row is sent
            with shop.backend.transaction() as fast:
                store_fact(fast, "fast")
            ids, cursor, _ = read(shop, None)
            assert ids == []
        assert read(shop, cursor)[0] == ["slow", "fast"]


def test_the_feed_goes_on_where_it_stopped(database_url: str) -> None:
    with opened(database_url) as shop:
        shop.do(EnrollMember(member_id="ann"))
        shop.all(shop.submission(AwardPoints(member_id="ann", activity_id="visit")) for _ in "123")
        everything, end, more = read(shop, None)
        assert len(everything) > 4
        assert not more
        assert read(shop, end) == ([], end, False)
        pieces: list[str] = []
        cursor, has_more = None, True
        while has_more:
            ids, cursor, has_more = read(shop, cursor, limit=2)
            pieces += ids
        assert pieces == everything
        with shop.backend.read() as unit:
            member = find_id(unit, PROGRAM, "ann")
            assert member is not None
            newest = facts_of(unit, PROGRAM, member, limit=100).items
            assert [fact.id for fact in newest] == everything[::-1]
            assert find_fact(unit, PROGRAM, everything[0]) == newest[-1]
            chosen = feed(unit, PROGRAM, types=["member.enrolled"], limit=5)
            assert [fact.type for fact in chosen.items] == ["member.enrolled"]


def test_a_restored_dump_goes_on_after_what_it_holds(postgres_url: str) -> None:
    """In another cluster the numbers of transactions begin anew, far behind the facts."""
    far = 1 << 30
    with opened(postgres_url) as shop:
        shop.do(EnrollMember(member_id="ann"))
        with shop.backend.transaction() as unit:
            position = (far << POSITION_BITS) + 5
            unit.insert(
                "fact", COLUMNS, [(PROGRAM, "f", position, "x", "m", 1, 0, 0, "c", 0, "{}")]
            )
            unit.run("UPDATE member SET position = ?", (position,))
        visit = AwardPoints(member_id="ann", activity_id="visit")
        assert "f" not in read(shop, None)[0]
        assert is_ahead(shop)
        migrate(postgres_url)
        assert not is_ahead(shop)
        ids, cursor, _ = read(shop, None)
        assert ids[-1] == "f"
        for _ in range(2):
            assert isinstance(shop.do(visit), Done)
            ids, cursor, _ = read(shop, cursor)
            assert len(ids) > 0
            migrate(postgres_url)
