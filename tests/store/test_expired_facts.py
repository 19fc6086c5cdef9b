"""Facts that have had their time: sequences stay provable, and a reader who misses some is told."""

from collections.abc import Generator

import pytest

from stampbook.clockwork.erasures import erase_some
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.core.retention import DAY_MS, Retention, cuts
from stampbook.engine.submission import Done
from stampbook.store.backend import Row
from stampbook.store.reading.facts import FactsExpiredError, facts_of, feed
from stampbook.store.reading.located import locate
from stampbook.store.reading.members import find_id
from stampbook.store.retention import go_on
from stampbook.store.verify import verify
from tests.engine.shop import DEFINITION, PROGRAM, START_MS, Shop, opened

DAYS = Retention(deliveries_days=2, failed_days=2, facts_days=2)
VISIT = AwardPoints(member_id="ann", activity_id="visit")
ENDPOINT = """
INSERT INTO endpoint (program_id, id, url, dialect, event_types, secrets, batch_size, status,
    created_at_ms, updated_at_ms, description)
VALUES ('corner', 'e', 'https://shop.example', 'native', '[]', '', 1, 'active', 0, 0, '')
"""


@pytest.fixture
def shop(database_url: str) -> Generator[Shop]:
    """A shop with an endpoint, facts of a day that has had its time, and facts of today."""
    with opened(database_url) as one:
        with one.backend.transaction() as unit:
            unit.run(ENDPOINT)
        assert isinstance(one.do(EnrollMember(member_id="ann")), Done)
        assert isinstance(one.do(VISIT), Done)
        one.clock.at_ms = START_MS + 4 * DAY_MS
        assert isinstance(one.do(VISIT), Done)
        with one.backend.transaction() as unit:
            unit.run("UPDATE delivery SET status = 'delivered', delivered_at_ms = 1")
        yield one


def clear(shop: Shop, retention: Retention = DAYS) -> int:
    now_ms = shop.clock.at_ms
    with shop.backend.transaction() as unit:
        return go_on(unit, PROGRAM, cuts(retention, now_ms), at_ms=now_ms, limit=1_000).gone


def facts(shop: Shop, condition: str) -> list[Row]:
    return shop.rows(f"SELECT id, position FROM fact WHERE {condition} ORDER BY position")


def differences(shop: Shop) -> list[str]:
    with shop.backend.read() as unit:
        return [one.what for one in verify(unit, PROGRAM)]


def read(shop: Shop, after: str | None, types: tuple[str, ...] = ()) -> tuple[list[str], str]:
    with shop.backend.read() as unit:
        page = feed(unit, PROGRAM, types=types, limit=100, after=after)
    return [fact.id for fact in page.items], page.next


def run(shop: Shop, sql: str) -> None:
    with shop.backend.transaction() as unit:
        assert unit.run(sql) > 0


def test_the_books_are_sound_without_what_has_gone(shop: Shop) -> None:
    before = shop.count("fact")
    assert clear(shop) > 0
    assert 0 < len(facts(shop, "body = ''")) < before == shop.count("fact")
    assert 0 < shop.count("delivery") < before
    assert differences(shop) == []
    shop.do(VISIT)
    assert differences(shop) == []


def test_what_is_missing_and_young_is_found(shop: Shop) -> None:
    clear(shop)
    [(young, _)] = facts(shop, "body <> ''")[-1:]
    run(shop, f"UPDATE fact SET body = '' WHERE id = '{young}'")
    assert differences(shop) == [f"fact {young}: its body"]
    run(shop, f"DELETE FROM delivery WHERE fact_id = '{young}'")
    assert f"fact {young}: deliveries" in differences(shop)
    assert f"fact {young}: delivery" in differences(shop)


def test_what_should_not_be_there_is_found_however_old_it_is(shop: Shop) -> None:
    clear(shop)
    [(old, _)] = facts(shop, "body = ''")[:1]
    for name in ("x", "y"):
        run(
            shop,
            "INSERT INTO delivery (program_id, id, endpoint_id, fact_id, fact_type, cause, "
            f"position, status, due_at_ms, attempts) VALUES ('corner', '{name}', '{name}', "
            f"'{old}', '', '', 1, 'pending', 0, 0)",
        )
    assert f"fact {old}: deliveries" in differences(shop)


def test_a_missing_fact_is_found_however_old_it_is(shop: Shop) -> None:
    clear(shop)
    [(old, _)] = facts(shop, "body = ''")[:1]
    run(shop, f"DELETE FROM fact WHERE id = '{old}'")
    assert "facts: sequences without a gap" in differences(shop)


def test_a_reader_behind_what_is_kept_is_told_so_and_where_to_go_on(shop: Shop) -> None:
    everything, _ = read(shop, None)
    with shop.backend.read() as unit:
        cursor = feed(unit, PROGRAM, limit=1).next
    clear(shop)
    young = [row[0] for row in facts(shop, "body <> ''")]
    with pytest.raises(FactsExpiredError) as error:
        read(shop, cursor)
    assert read(shop, error.value.next)[0] == young == everything[-len(young) :]


def test_a_reader_without_a_cursor_begins_with_what_is_kept(shop: Shop) -> None:
    clear(shop)
    assert read(shop, None)[0] == [row[0] for row in facts(shop, "body <> ''")]


def test_a_reader_who_misses_nothing_is_told_nothing(shop: Shop) -> None:
    """Of a rare kind of fact nothing may have happened since a cursor was given."""
    rare = ("winback.offered",)
    _, cursor = read(shop, None, rare)
    clear(shop)
    assert read(shop, cursor, rare)[0] == []


def test_what_is_kept_for_a_delivery_is_read_before_anything_is_said(shop: Shop) -> None:
    first, second, *_ = facts(shop, "body <> ''")
    run(shop, f"UPDATE delivery SET status = 'failed' WHERE fact_id = '{first[0]}'")
    clear(shop, Retention(deliveries_days=2, failed_days=0, facts_days=2))
    with shop.backend.read() as unit:
        page = feed(unit, PROGRAM, limit=100, after="WzBd")  # position 0
    assert [fact.id for fact in page.items] == [first[0]]
    assert page.has_more
    assert second in facts(shop, "body = ''")
    with pytest.raises(FactsExpiredError):
        read(shop, page.next)


def test_a_member_keeps_the_list_of_what_happened(shop: Shop) -> None:
    clear(shop)
    with shop.backend.read() as unit:
        member = find_id(unit, PROGRAM, "ann")
        assert member is not None
        items = facts_of(unit, PROGRAM, member, limit=100, after=None).items
        assert [fact.sequence for fact in items] == list(range(len(items), 0, -1))
        assert bytes(items[-1].data) == b"null" != bytes(items[0].data)
        [(old, _)] = facts(shop, "body = ''")[:1]
        found = locate(unit, PROGRAM, old, DEFINITION)
    assert found is not None
    assert (found.kind, bytes(found.record)) == ("fact", b"null")


def test_a_member_whose_facts_have_gone_can_be_deleted(shop: Shop) -> None:
    clear(shop)
    assert isinstance(shop.do(DeleteMembers(member_ids=("ann",))), Done)
    while erase_some(shop.engine, lambda: False):
        pass
    assert shop.rows("SELECT count(*) FROM erasure WHERE finished_at_ms IS NULL") == [(0,)]
    assert differences(shop) == []
