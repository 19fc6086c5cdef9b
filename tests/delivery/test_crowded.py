"""However many endpoints hang, the others are served."""

from threading import Thread

from stampbook.delivery.lanes import DECK_FACTOR, DECK_MAX, PACE_FIRST
from tests.delivery.stage import Stage

HUNG = DECK_MAX // (PACE_FIRST * DECK_FACTOR) + 3
"""So many that with all that they may hold there is room for nobody else."""
ARRIVAL_SECONDS = 8
"""Less than a request may take, so that no time-out makes room."""


def test_endpoints_that_hang_do_not_hold_up_one_that_answers(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    for number in range(HUNG):
        stage.sink.modes[f"/hung{number}"] = "hang"
        stage.deliver(stage.endpoint(f"/hung{number}"), 2 * PACE_FIRST * DECK_FACTOR)
    worker = stage.worker()
    thread = Thread(target=worker.run, kwargs={"grace_seconds": 0.1})
    thread.start()
    try:
        assert stage.sink.wait_for(64)
        healthy = stage.endpoint("/shop")
        stage.deliver(healthy, 20)
        worker.wake()
        arrived = stage.sink.wait_for(HUNG * PACE_FIRST + 20, ARRIVAL_SECONDS)
        is_alive = thread.is_alive()
    finally:
        worker.stop()
        thread.join(30)
    assert is_alive
    assert arrived, len(stage.sink.received)
    assert len(stage.sink.at("/shop")) == 20
