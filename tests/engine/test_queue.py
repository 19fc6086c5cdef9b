"""A batch waits for those who were just answered, and only under load."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

from stampbook.commands.award_points import AwardPoints
from stampbook.engine.queue import BUSY_COMMANDS, GATHERINGS_MAX, Queue
from stampbook.engine.submission import Submission, Ticket
from stampbook.values.ids import CommandId, ProgramId

FOREVER_SECONDS = 60.0
SOON_SECONDS = 20.0


def put(queue: Queue, count: int) -> None:
    for number in range(count):
        command = AwardPoints(member_id=f"member-{number}", activity_id="visit")
        submission = Submission(
            program_id=ProgramId("p"), command=command, principal="test", cause="test"
        )
        queue.put(Ticket.of(submission, CommandId("0" * 24), Future()))


def sizes(batches: list[list[Ticket]]) -> list[int]:
    return [len(batch) for batch in batches]


def test_under_load_a_batch_waits_for_those_who_were_answered_and_those_who_wait() -> None:
    queue = Queue(gather_seconds=FOREVER_SECONDS)
    put(queue, BUSY_COMMANDS)
    assert sizes(queue.take()) == [BUSY_COMMANDS]
    put(queue, 3)
    queue.expect(BUSY_COMMANDS)
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(queue.take)
        while queue._enough == 1:  # until the writer has seen the three
            time.sleep(0.001)
        put(queue, BUSY_COMMANDS - 1)
        assert not taking.done()
        put(queue, 1)
        assert sizes(taking.result(SOON_SECONDS)) == [BUSY_COMMANDS + 3]


def test_a_batch_of_all_who_were_expected_waits_for_nobody() -> None:
    queue = Queue(gather_seconds=FOREVER_SECONDS)
    put(queue, BUSY_COMMANDS)
    queue.take()
    queue.expect(BUSY_COMMANDS)
    put(queue, BUSY_COMMANDS)
    with ThreadPoolExecutor(1) as pool:
        assert sizes(pool.submit(queue.take).result(SOON_SECONDS)) == [BUSY_COMMANDS]


def test_a_batch_waits_no_longer_than_its_limit() -> None:
    queue = Queue(gather_seconds=0.001)
    put(queue, BUSY_COMMANDS)
    queue.take()
    queue.expect(BUSY_COMMANDS)
    put(queue, 1)
    assert sizes(queue.take()) == [1]


def test_a_batch_waits_on_while_more_come_and_no_longer_than_its_limit() -> None:
    queue = Queue(gather_seconds=0.05)
    put(queue, BUSY_COMMANDS)
    queue.take()
    queue.expect(1_000)
    put(queue, 1)
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(queue.take)
        came = 1
        while not taking.done():
            time.sleep(0.01)
            put(queue, 1)
            came += 1
        taken = sizes(taking.result())[0]
    assert GATHERINGS_MAX < taken <= came
    assert len(queue) == came - taken


def test_nobody_waits_behind_a_few() -> None:
    queue = Queue(gather_seconds=FOREVER_SECONDS)
    put(queue, BUSY_COMMANDS - 1)
    queue.take()
    queue.expect(BUSY_COMMANDS - 1)
    put(queue, 1)
    with ThreadPoolExecutor(1) as pool:
        assert sizes(pool.submit(queue.take).result(SOON_SECONDS)) == [1]


def test_a_closed_queue_waits_for_nobody() -> None:
    queue = Queue(gather_seconds=FOREVER_SECONDS)
    put(queue, BUSY_COMMANDS)
    queue.take()
    queue.expect(BUSY_COMMANDS)
    put(queue, 1)
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(queue.take)
        queue.close()
        assert sizes(taking.result(SOON_SECONDS)) == [1]
    assert queue.take() == []


def test_two_writers_share_what_waits_and_both_hear_the_end() -> None:
    queue = Queue(gather_seconds=0.001)
    put(queue, BUSY_COMMANDS)
    queue.take()
    queue.expect(BUSY_COMMANDS)
    with ThreadPoolExecutor(2) as pool:
        takings = [pool.submit(queue.take) for _ in range(2)]
        put(queue, 1)
        put(queue, 1)
        queue.close()
        taken = [sizes(taking.result(SOON_SECONDS)) for taking in takings]
    assert sum(sum(batches) for batches in taken) == 2
