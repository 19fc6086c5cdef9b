"""Campaigns over all members: whoever did nothing enters and leaves in time all the same."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from msgspec.structs import replace

from stampbook.clockwork.advance import advance
from stampbook.clockwork.loop import Clockwork
from stampbook.clockwork.sweep import Progress, sweep
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.update_member import UpdateMember
from stampbook.core.definition import Campaign, Condition
from stampbook.engine.submission import Done
from stampbook.nouns.campaign import Audience, Promotion
from stampbook.store.admin import add_version
from stampbook.store.verify import verify
from stampbook.values.instants import from_ms, to_ms
from tests.engine.shop import DEFINITION, PROGRAM, START_MS, Shop, opened, version

START = from_ms(START_MS)
DAY = timedelta(days=1)
VIP = Audience(conditions=(Condition(attribute="member.tags", operator="equals", value="vip"),))
CLUB = Campaign(
    id="club",
    name="Club",
    entry=VIP,
    promotion=Promotion(kind="bonus_points", activity="visit", points=7),
)
STATES = "SELECT m.member_id FROM campaign_member AS c JOIN member AS m ON m.id = c.member "


def enrol(shop: Shop, members: int) -> None:
    """Enrol members; those with an even number are in the audience."""
    for number in range(members):
        tags = ("vip",) if number % 2 == 0 else ()
        assert isinstance(shop.do(EnrollMember(member_id=f"m{number}", tags=tags)), Done)


def apply(shop: Shop, number: int, *campaigns: Campaign, at_ms: int = START_MS) -> None:
    new = version(replace(DEFINITION, campaigns=campaigns))
    with shop.backend.transaction() as unit:
        assert add_version(unit, PROGRAM, new, expected=number - 1, created_at_ms=at_ms) == number


def inside(shop: Shop) -> set[str]:
    return {row[0] for row in shop.rows(STATES + "WHERE state = 'inside'")}


def stated(shop: Shop, kind: str) -> list[tuple[int, int]]:
    sql = "SELECT occurred_at_ms, count(*) FROM fact WHERE type = ? GROUP BY occurred_at_ms"
    return shop.rows(sql, (kind,))


def sound(shop: Shop) -> bool:
    with shop.backend.read() as unit:
        return not list(verify(unit, PROGRAM))


def test_a_campaign_that_is_new_finds_those_who_meet_it_already(database_url: str) -> None:
    with opened(database_url) as shop:
        enrol(shop, 6)
        shop.clock.at_ms += 1000
        apply(shop, 2, CLUB, at_ms=START_MS + 1000)
        shop.clock.at_ms += 5000
        clockwork = Clockwork(shop.engine)
        clockwork.tick()
        assert inside(shop) == {"m0", "m2", "m4"}
        assert stated(shop, "campaign.entered") == [(START_MS + 1000, 3)]
        assert shop.rows("SELECT member_id FROM member WHERE available = 7 ORDER BY 1") == [
            ("m0",), ("m2",), ("m4",),
        ]  # fmt: skip
        assert clockwork.tick() == 0
        assert sound(shop)


def test_a_campaign_that_is_taken_away_lets_everybody_out(database_url: str) -> None:
    with opened(database_url) as shop:
        enrol(shop, 4)
        apply(shop, 2, CLUB)
        clockwork = Clockwork(shop.engine)
        clockwork.tick()
        apply(shop, 3)
        clockwork.tick()
        assert inside(shop) == set()
        assert stated(shop, "campaign.exited") == [(START_MS, 2)]


def test_a_test_clock_opens_and_closes_campaigns_on_its_way(database_url: str) -> None:
    seasonal = replace(CLUB, starts_at=START + 10 * DAY, ends_at=START + 20 * DAY)
    with opened(database_url, test_clock_ms=START_MS) as shop:
        enrol(shop, 5)
        apply(shop, 2, seasonal)
        advance(shop.engine, PROGRAM, START + 9 * DAY, cause="c")
        assert inside(shop) == set()
        advance(shop.engine, PROGRAM, START + 15 * DAY, cause="c")
        assert inside(shop) == {"m0", "m2", "m4"}
        advance(shop.engine, PROGRAM, START + 90 * DAY, cause="c")
        assert inside(shop) == set()
        assert stated(shop, "campaign.entered") == [(to_ms(START + 10 * DAY), 3)]
        assert stated(shop, "campaign.exited") == [(to_ms(START + 20 * DAY), 3)]
        times = [row[0] for row in shop.rows("SELECT occurred_at_ms FROM fact ORDER BY position")]
        assert times == sorted(times)
        assert sound(shop)


def test_who_waits_to_enter_does_when_the_campaign_is_made_longer(database_url: str) -> None:
    too_short = replace(CLUB, entry_delay_days=10, ends_at=START + 5 * DAY)
    with opened(database_url, test_clock_ms=START_MS) as shop:
        enrol(shop, 4)
        apply(shop, 2, too_short)
        advance(shop.engine, PROGRAM, START + 2 * DAY, cause="c")
        longer = replace(too_short, ends_at=START + 30 * DAY)
        apply(shop, 3, longer, at_ms=to_ms(START + 2 * DAY))
        advance(shop.engine, PROGRAM, START + 20 * DAY, cause="c")
        assert inside(shop) == {"m0", "m2"}
        assert stated(shop, "campaign.entered") == [(to_ms(START + 10 * DAY), 2)]
        assert sound(shop)


def test_a_clock_that_sleeps_through_a_campaign_tells_the_same(database_url: str) -> None:
    seasonal = replace(
        CLUB, starts_at=START + 10 * DAY, ends_at=START + 20 * DAY, entry_delay_days=2
    )
    with opened(database_url) as shop:
        enrol(shop, 5)
        apply(shop, 2, seasonal)
        shop.clock.at_ms += 90 * 86_400_000
        Clockwork(shop.engine).tick()
        assert stated(shop, "campaign.entered") == [(to_ms(START + 12 * DAY), 3)]
        assert stated(shop, "campaign.exited") == [(to_ms(START + 20 * DAY), 3)]
        assert sound(shop)


def test_an_evaluation_that_was_cut_short_goes_on(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cut(Exception):  # noqa: N818 - no error, a knife
        pass

    def cut(_: Progress) -> None:
        raise Cut

    monkeypatch.setattr("stampbook.store.campaigns.WINDOW", 3)
    with opened(database_url) as shop:
        enrol(shop, 20)
        apply(shop, 2, CLUB)
        with pytest.raises(Cut):
            sweep(shop.engine, PROGRAM, START, cause="c", on_progress=cut)
        sweep(shop.engine, PROGRAM, START, cause="c")
        assert len(inside(shop)) == 10
        assert shop.rows("SELECT count(*) FROM fact WHERE type = 'campaign.entered'") == [(10,)]
        assert shop.rows("SELECT cursor FROM campaign_seen") == [(None,)]


def test_whoever_comes_first_a_member_enters_once(database_url: str) -> None:
    with opened(database_url) as shop:
        enrol(shop, 4)
        apply(shop, 2, CLUB)
        shop.do(UpdateMember(member_id="m0", first_name="Ada"))
        shop.do(UpdateMember(member_id="m2", tags=()))
        Clockwork(shop.engine).tick()
        entered = shop.rows(
            "SELECT m.member_id FROM fact AS f JOIN member AS m ON m.id = f.member "
            "WHERE f.type = 'campaign.entered' ORDER BY 1"
        )
        assert entered == [("m0",), ("m2",)]
        assert inside(shop) == {"m0"}


def test_a_program_without_campaigns_is_not_looked_at(database_url: str) -> None:
    with opened(database_url) as shop:
        enrol(shop, 2)
        Clockwork(shop.engine).tick()
        assert shop.count("campaign_seen") == 0
        assert shop.count("campaign_member") == 0


def test_two_clocks_at_once_let_everybody_in_once(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stampbook.store.campaigns.WINDOW", 4)
    with opened(database_url, writers=2) as shop:
        enrol(shop, 24)
        apply(shop, 2, CLUB)
        with ThreadPoolExecutor(2) as pool:
            ticks = [pool.submit(Clockwork(shop.engine).tick) for _ in range(2)]
            for tick in ticks:
                tick.result(60)
        Clockwork(shop.engine).tick()
        assert len(inside(shop)) == 12
        assert shop.rows("SELECT count(*) FROM fact WHERE type = 'campaign.entered'") == [(12,)]
        assert sound(shop)
