"""A connection that breaks at COMMIT: what became of it is found out before anybody is answered."""

from collections.abc import Generator

import pytest

from stampbook.commands.award_points import AwardPoints, PointsAwarded
from stampbook.commands.enroll_member import EnrollMember
from stampbook.store.verify import verify
from tests.engine.proxy import Cut, Proxy
from tests.engine.shop import PROGRAM, opened


@pytest.fixture
def proxy(postgres_url: str) -> Generator[Proxy]:
    proxy = Proxy(postgres_url)
    yield proxy
    proxy.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_command_happens_once_and_is_answered(proxy: Proxy, when: Cut) -> None:
    visit = AwardPoints(member_id="ann", activity_id="visit")
    with opened(proxy.url) as shop:
        shop.do(EnrollMember(member_id="ann"))
        proxy.cut_next(when)
        assert shop.done(visit, PointsAwarded).member.balances.available == 50
        assert proxy.cuts == 1
        assert shop.count("entry") == 1
        assert shop.done(visit, PointsAwarded).member.balances.available == 100
        with shop.backend.read() as unit:
            assert list(verify(unit, PROGRAM)) == []


def test_an_idle_connection_that_was_closed_costs_nobody_an_answer(postgres_url: str) -> None:
    with opened(postgres_url) as shop:
        shop.do(EnrollMember(member_id="ann"))
        shop.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        visit = AwardPoints(member_id="ann", activity_id="visit")
        assert shop.done(visit, PointsAwarded).member.balances.available == 50
