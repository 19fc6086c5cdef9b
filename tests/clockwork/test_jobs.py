"""Jobs: work that belongs to no member's row is done at its instant, between members' work."""

from stampbook.clockwork.errands import ITEMS_PER_ROUND_MAX
from stampbook.clockwork.jobs import catalogue
from stampbook.clockwork.loop import REFUSED_MS, Clockwork
from stampbook.commands.enroll_member import EnrollMember
from stampbook.values.instants import to_ms
from tests.clockwork.stage import (
    DAY,
    DAY_MS,
    START,
    Departures,
    Enrolments,
    fill,
    moved,
    opened,
    sound,
)
from tests.engine.shop import START_MS


def test_a_job_runs_at_its_instant_and_between_the_work_of_members(database_url: str) -> None:
    due = {f"j{day}": START + day * DAY for day in (1, 2, 3, 180, 200)}
    with opened(database_url, test_clock_ms=START_MS) as shop:
        fill(shop)
        report = moved(shop, START + 190 * DAY, jobs=[Enrolments(due).job()])
        assert report.items == 4 + 5 + 10
        joined = shop.rows(
            "SELECT member_id, enrolled_at_ms FROM member WHERE member_id LIKE 'j%' ORDER BY id"
        )
        assert joined == [(key, to_ms(due[key])) for key in ("j1", "j2", "j3", "j180")]
        times = [row[0] for row in shop.rows("SELECT occurred_at_ms FROM fact ORDER BY position")]
        assert times == sorted(times)
        assert moved(shop, START + 201 * DAY, jobs=[Enrolments(due).job()]).items == 1
        assert sound(shop)


def test_of_one_instant_members_come_first_and_then_jobs_by_rank(database_url: str) -> None:
    with opened(database_url, test_clock_ms=START_MS) as shop:
        fill(shop, 1)
        jobs = [
            Enrolments({"early": START + 2 * DAY}).job(10),
            Enrolments({"late": START + 2 * DAY}).job(20),
        ]
        moved(shop, START + 5 * DAY, jobs=jobs)
        facts = shop.rows(
            "SELECT type FROM fact WHERE occurred_at_ms = ? ORDER BY position",
            (START_MS + 2 * DAY_MS,),
        )
        kinds = [row[0] for row in facts if not row[0].startswith("reward.")]
        assert kinds == ["points.earned", "member.enrolled", "member.enrolled"]
        keys = shop.rows("SELECT member_id FROM member ORDER BY id DESC LIMIT 2")
        assert keys == [("late",), ("early",)]


def test_much_of_one_instant_is_done_in_bounded_rounds(database_url: str) -> None:
    crowd = Enrolments({f"j{n}": START + DAY for n in range(2 * ITEMS_PER_ROUND_MAX + 1)})
    with opened(database_url, test_clock_ms=START_MS) as shop:
        assert moved(shop, START + 2 * DAY, jobs=[crowd.job()]).items == len(crowd.due)
        assert crowd.asked == 3


def test_what_is_refused_is_left_and_holds_up_nothing(database_url: str) -> None:
    due = {f"j{day}": START + day * DAY for day in range(1, 9)}
    some = Enrolments(due, nobodys=("j2", "j5"))
    with opened(database_url, test_clock_ms=START_MS) as shop:
        fill(shop, 1)
        report = moved(shop, START + 10 * DAY, jobs=[some.job()])
        assert (report.items, report.left) == (6 + 1, 2)
        joined = shop.rows("SELECT member_id FROM member WHERE member_id LIKE 'j%' ORDER BY id")
        assert [key for (key,) in joined] == ["j1", "j3", "j4", "j6", "j7", "j8"]
        assert some.asked < 60
        some.nobodys = ()
        report = moved(shop, START + 11 * DAY, jobs=[some.job()])
        assert (report.items, report.left) == (2, 0)


def test_of_a_command_for_many_what_comes_before_the_refused_is_done(database_url: str) -> None:
    due = {f"m{number:02}": START + DAY for number in range(30)}
    some = Departures(due, nobodys=("m17",))
    with opened(database_url, test_clock_ms=START_MS) as shop:
        for key in due:
            if key not in some.nobodys:
                shop.do(EnrollMember(member_id=key))
        report = moved(shop, START + 2 * DAY, jobs=[some.job()])
        assert report.left > 0
        left = shop.rows("SELECT member_id FROM member WHERE status <> 'deleted' ORDER BY id")
        assert [key for (key,) in left] == [f"m{number}" for number in range(18, 30)]
        assert some.asked < 60
        some.nobodys = ()
        assert moved(shop, START + 3 * DAY, jobs=[some.job()]).left == 0
        assert shop.rows("SELECT count(*) FROM member WHERE status <> 'deleted'") == [(0,)]


def test_a_command_that_leaves_its_work_due_is_done_once(database_url: str) -> None:
    due = {f"j{day}": START + day * DAY for day in range(1, 5)}
    some = Enrolments(due, stubborn=("j2",))
    with opened(database_url, test_clock_ms=START_MS) as shop:
        fill(shop, 1)
        report = moved(shop, START + 10 * DAY, jobs=[some.job()])
        assert report.left == 1
        assert some.asked < 60
        joined = shop.rows("SELECT member_id FROM member WHERE member_id LIKE 'j%' ORDER BY id")
        assert [key for (key,) in joined] == ["j1", "j3", "j4"]
        visits = shop.rows("SELECT count(*) FROM points_transaction WHERE points = 50")
        assert visits == [(2,)], "the one of the member's own, and the one of the job"


def test_the_loop_does_jobs_where_no_member_is_due(database_url: str) -> None:
    some = Enrolments({"j1": START + DAY, "j2": START + 2 * DAY})
    with opened(database_url) as shop:
        clockwork = Clockwork(shop.engine, jobs=[some.job()])
        assert clockwork.tick() == 0
        shop.clock.at_ms += DAY_MS
        assert clockwork.tick() == 1
        shop.clock.at_ms += 5 * DAY_MS
        assert clockwork.tick() == 1
        assert clockwork.tick() == 0


def test_the_loop_lets_a_job_rest_that_is_refused(database_url: str) -> None:
    some = Enrolments({"j1": START, "j2": START}, nobodys=("j2",))
    with opened(database_url) as shop:
        clockwork = Clockwork(shop.engine, jobs=[some.job()])
        assert clockwork.tick() == 1
        asked = some.asked
        assert clockwork.tick() == 0
        assert some.asked == asked
        some.nobodys = ()
        shop.clock.at_ms += REFUSED_MS
        assert clockwork.tick() == 1


def test_every_job_of_the_catalogue_has_a_rank_of_its_own() -> None:
    ranks = [job.rank for job in catalogue()]
    assert ranks == sorted(set(ranks))
