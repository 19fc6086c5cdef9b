"""Sending again by the API: one delivery, many facts, dead letters, and the way back."""

from typing import Any

import pytest

from stampbook.bootstrap import ids
from stampbook.core.delivery import Conduct
from stampbook.core.lease import EndpointKey
from stampbook.delivery.replaying import Replaying
from stampbook.store.activation import deactivate
from stampbook.store.endpoints import find_endpoint
from stampbook.store.lanes import Lane, read_lane, save_lanes
from stampbook.store.reading.webhooks import Numbered, deliveries, numbered_deliveries
from stampbook.store.replay_pieces import Means
from stampbook.values.ids import EndpointId
from tests.api.stage import OTHER_PROGRAM, PROGRAM, Client, Stage

URL = "https://shop.example/hooks"


def made(client: Client, **wishes: Any) -> str:
    """An endpoint that is sent enrolments; gives its path."""
    body = {"url": URL, "event_types": ["member.enrolled"], **wishes}
    return f"/v1/endpoints/{client.post('/v1/endpoints', body)['endpoint']['id']}"


def enrol(client: Client, *names: str) -> None:
    for name in names:
        client.post("/v1/members", {"member_id": name})


def settled(stage: Stage, status: str) -> None:
    """What the worker writes, with a number for each request."""
    with stage.backend.transaction() as unit:
        waiting = unit.rows("SELECT id FROM delivery WHERE status = 'pending' ORDER BY id")
        [(last,)] = unit.rows("SELECT coalesce(max(sequence), 0) FROM delivery")
        for number, (id_,) in enumerate(waiting, start=last + 1):
            unit.run(
                "UPDATE delivery SET status = ?, attempts = 8, sequence = ?, "
                "request_id = coalesce(request_id, id) WHERE id = ?",
                (status, number, id_),
            )


def tick(stage: Stage) -> None:
    """Let the replays do what they can."""
    means = Means(now_ms=stage.engine.clock.real_ms, new_id=ids())
    Replaying(stage.backend, means).tick()


@pytest.mark.parametrize("status", ["delivered", "failed", "skipped"])
def test_a_settled_delivery_is_sent_again_as_another_request(stage: Stage, status: str) -> None:
    client = stage.client
    path = made(client)
    enrol(client, "m-1")
    [before] = client.get(f"{path}/deliveries")["items"]
    waiting = client.call("POST", f"/v1/deliveries/{before['id']}/resend")
    assert (waiting.status, waiting.json["code"]) == (409, "delivery.not_settled")
    settled(stage, status)
    again = client.post(f"/v1/deliveries/{before['id']}/resend")["delivery"]
    assert (again["status"], again["attempts"], again["sequence"]) == ("pending", 0, None)
    assert (again["fact_id"], again["replay_id"]) == (before["fact_id"], before["id"])
    assert again["id"] != before["id"]
    assert again["request_id"] not in {None, before["request_id"]}
    newest, old = client.get(f"{path}/deliveries")["items"]
    assert newest == again
    assert (old["id"], old["status"], old["replay_id"]) == (before["id"], status, None)


def test_nothing_is_sent_again_to_who_is_disabled_or_gone(stage: Stage) -> None:
    client = stage.client
    path = made(client)
    enrol(client, "m-1")
    settled(stage, "failed")
    [before] = client.get(f"{path}/deliveries")["items"]
    client.call("PATCH", path, {"status": "disabled"})
    resend = f"/v1/deliveries/{before['id']}/resend"
    for answer in (
        client.call("POST", resend),
        client.call("POST", f"{path}/replays"),
        client.call("POST", f"{path}/redrive"),
        client.call("POST", f"{path}/resume"),
    ):
        assert (answer.status, answer.json["code"]) == (409, "endpoint.is_disabled")
    client.call("DELETE", path)
    assert client.call("POST", resend).json["code"] == "delivery.not_found"
    for part in ("replays", "redrive", "resume", "activate"):
        assert client.call("POST", f"{path}/{part}").json["code"] == "endpoint.not_found"
    assert client.call("GET", f"{path}/replays").json["code"] == "endpoint.not_found"


def test_a_replay_is_counted_first_and_then_done(stage: Stage) -> None:
    client = stage.client
    enrol(client, "m-1", "m-2", "m-3")
    path = made(client)
    enrol(client, "m-4")
    asked = client.post(f"{path}/replays", {"only": "undelivered", "dry_run": True}, status=200)
    assert asked == {"matched": 3, "matched_exactly": True, "expired": 0, "replay": None}
    assert client.get(f"{path}/replays")["items"] == []
    begun = client.post(f"{path}/replays", {"only": "undelivered"}, status=200)["replay"]
    assert (begun["state"], begun["matched"], begun["queued"]) == ("running", 3, 0)
    assert client.get(f"{path}/replays/{begun['id']}") == begun
    tick(stage)
    done = client.get(f"{path}/replays/{begun['id']}")
    assert (done["state"], done["queued"], done["kind"]) == ("finished", 3, "replay")
    assert client.get(f"{path}/replays")["items"] == [done]
    sent = client.get(f"{path}/deliveries")["items"]
    assert [one["replay_id"] for one in sent] == [begun["id"]] * 3 + [None]
    over = client.call("POST", f"{path}/replays/{begun['id']}/pause")
    assert (over.status, over.json["code"]) == (409, "replay.is_over")


def test_a_replay_is_of_what_was_asked(stage: Stage) -> None:
    client = stage.client
    enrol(client, "m-1", "m-2")
    cursor = client.get("/v1/facts")["next"]
    enrol(client, "m-3")
    client.post("/v1/points/award", {"member_id": "m-3", "activity_id": "review"})
    path = made(client)

    def matched(**wish: Any) -> int:
        return client.post(f"{path}/replays", {**wish, "dry_run": True}, status=200)["matched"]

    assert matched() == 3
    assert matched(types=["points.earned"]) == 1
    assert matched(after=cursor) == 1
    assert matched(until=cursor) == 2
    assert matched(member_id="m-3") == 1
    assert matched(recorded_from="2026-01-01T00:00:00Z") == 3
    assert matched(recorded_to="2026-01-01T00:00:00Z") == 0
    assert matched(only="failed") == 0


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"types": ["nothing"]}, 422, "fact_type.unknown"),
        ({"member_id": "nobody"}, 404, "member.not_found"),
        ({"after": "bm90aGluZw"}, 400, "cursor.invalid"),
        ({"until": "Wy01XQ"}, 400, "cursor.invalid"),
        ({"after": "WzkyMjMzNzIwMzY4NTQ3NzU4MDhd"}, 400, "cursor.invalid"),
        ({"per_second": 0}, 400, "request.invalid"),
        ({"only": "some"}, 400, "request.invalid"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    client: Client, wish: dict[str, Any], status: int, code: str
) -> None:
    answer = client.call("POST", f"{made(client)}/replays", wish)
    assert (answer.status, answer.json["code"]) == (status, code)


def test_a_replay_rests_goes_on_and_ends(stage: Stage) -> None:
    client = stage.client
    enrol(client, "m-1")
    path = made(client)
    begun = client.post(f"{path}/replays", {"per_second": 5}, status=200)["replay"]
    of_it = f"{path}/replays/{begun['id']}"
    assert client.post(f"{of_it}/pause", status=200)["state"] == "paused"
    tick(stage)
    assert client.get(of_it)["queued"] == 0
    assert client.post(f"{of_it}/resume", status=200)["state"] == "running"
    ended = client.post(f"{of_it}/cancel", status=200)
    assert (ended["state"], ended["reason"]) == ("cancelled", "")
    assert ended["finished_at"] is not None
    assert client.call("POST", f"{path}/replays/none/cancel").json["code"] == "replay.not_found"
    assert client.call("GET", f"{path}/replays/none").json["code"] == "replay.not_found"


def test_there_are_no_more_than_some_replays(client: Client) -> None:
    path = f"{made(client)}/replays"
    for _ in range(5):
        client.post(path, status=200)
    refused = client.call("POST", path)
    assert (refused.status, refused.json["code"]) == (409, "replay.too_many")
    assert len(client.get(f"{path}?limit=2")["items"]) == 2


def test_dead_letters_are_listed_and_set_free(stage: Stage) -> None:
    client = stage.client
    path = made(client)
    enrol(client, "m-1", "m-2")
    settled(stage, "failed")
    enrol(client, "m-3")
    dead = client.get(f"{path}/deliveries?status=failed")["items"]
    assert len(dead) == 2
    counted = client.post(f"{path}/redrive", {"dry_run": True}, status=200)
    assert (counted["matched"], counted["replay"]) == (2, None)
    redrive = client.post(f"{path}/redrive", status=200)["replay"]
    tick(stage)
    done = client.get(f"{path}/replays/{redrive['id']}")
    assert (done["state"], done["kind"], done["queued"]) == ("finished", "redrive", 2)
    assert client.get(f"{path}/deliveries?status=failed")["items"] == []
    again = client.get(f"/v1/deliveries/{dead[0]['id']}")["delivery"]
    assert (again["status"], again["attempts"]) == ("pending", 0)
    assert (again["request_id"], again["sequence"]) == (
        dead[0]["request_id"],
        dead[0]["sequence"],
    )


def test_dead_letters_are_found_by_their_index(small_stage: Stage) -> None:
    plans: list[str] = []
    with small_stage.backend.read() as unit:

        class Explaining:
            dialect = unit.dialect

            def rows(self, sql: str, values: Any) -> list[Any]:
                plans.extend(row[3] for row in unit.rows(f"EXPLAIN QUERY PLAN {sql}", values))
                return unit.rows(sql, values)

        explaining: Any = Explaining()
        deliveries(
            explaining, PROGRAM, endpoint_id=EndpointId("e"), status="failed", now_ms=1, limit=5
        )
    [plan] = plans
    assert plan.startswith("SEARCH delivery USING INDEX ix_delivery_failed")
    assert "endpoint_id=?" in plan


def test_requests_are_found_by_their_numbers(stage: Stage) -> None:
    client = stage.client
    path = made(client)
    other = made(client)
    enrol(client, *(f"m-{number}" for number in range(5)))
    settled(stage, "delivered")
    with stage.backend.transaction() as unit:
        key = EndpointKey(PROGRAM, EndpointId(path.rpartition("/")[2]))
        save_lanes(unit, [(key, Lane(sequence=10), Conduct())])
    found = client.get(f"{path}/deliveries?sequence_from=3&sequence_to=8")
    assert all(3 <= one["sequence"] <= 8 for one in found["items"])
    assert len(found["items"]) == 3
    assert (found["next_cursor"], found["last_sequence"]) == (None, 10)
    fact = client.get(f"/v1/facts/{found['items'][0]['fact_id']}")
    assert fact["type"] == "member.enrolled"
    first = client.get(f"{path}/deliveries?sequence_from=1&limit=2")
    rest = client.get(f"{path}/deliveries?sequence_from=1&cursor={first['next_cursor']}")
    assert len(first["items"] + rest["items"]) == 5
    assert len(client.get(f"{path}/deliveries?sequence_to=2")["items"]) == 1
    assert client.get(f"{path}/deliveries?made_before=2026-01-01T00:00:00Z")["items"] == []
    assert len(client.get(f"{path}/deliveries?made_before=2100-01-01T00:00:00Z")["items"]) == 5
    only = client.get(f"{path}/deliveries?sequence_from=1&status=failed")
    assert only["items"] == []
    assert client.get(f"{other}/deliveries")["last_sequence"] == 0


def test_numbers_are_looked_for_a_bounded_way_at_a_time(small_stage: Stage) -> None:
    client = small_stage.client
    path, other = made(client), made(client)
    assert other
    enrol(client, *(f"m-{number}" for number in range(6)))
    settled(small_stage, "delivered")
    endpoint_id = EndpointId(path.rpartition("/")[2])
    found: list[int | None] = []
    cursor, pages = None, 0
    with small_stage.backend.read() as unit:
        while pages == 0 or cursor is not None:
            page = numbered_deliveries(
                unit, PROGRAM, endpoint_id, Numbered(1, 4, looked_at=3),
                now_ms=1, limit=5, after=cursor,
            )  # fmt: skip
            found += [one.sequence for one in page.items]
            cursor, pages = page.next, pages + 1
    assert pages == 5
    assert len(found) == 2
    assert all(number is not None and number <= 4 for number in found)


def test_a_fact_that_is_not_there_is_not_found(stage: Stage) -> None:
    stage.client.post("/v1/members", {"member_id": "m-1"})
    [fact] = stage.client.get("/v1/facts")["items"]
    assert stage.client.get(f"/v1/facts/{fact['id']}") == fact
    other = stage.client.with_key(stage.add_key("other", "read", program=OTHER_PROGRAM))
    answer = other.call("GET", f"/v1/facts/{fact['id']}")
    assert (answer.status, answer.json["code"]) == (404, "fact.not_found")


def test_an_endpoint_comes_back_to_what_it_missed(stage: Stage) -> None:
    client = stage.client
    path = made(client)
    with stage.backend.transaction() as unit:
        endpoint = find_endpoint(unit, PROGRAM, path.rpartition("/")[2], lock=True)
        assert endpoint is not None
        deactivate(unit, PROGRAM, endpoint, stage.engine.clock.real_ms())
    enrol(client, "m-1", "m-2")
    assert client.get(path)["status"] == "disabled"
    back = client.post(f"{path}/activate", status=200)
    assert (back["status"], back["health"]) == ("active", "healthy")
    catching_up = back["catching_up"]
    assert (catching_up["kind"], catching_up["matched"]) == ("backfill", 2)
    refused = client.call("POST", f"{path}/replays")
    assert (refused.status, refused.json["code"]) == (409, "endpoint.is_catching_up")
    enrol(client, "m-3")
    assert client.get(f"{path}/deliveries")["items"] == []
    tick(stage)
    enrol(client, "m-4")
    sent = client.get(f"{path}/deliveries")["items"]
    assert [one["replay_id"] for one in sent] == [None, *[catching_up["id"]] * 3]
    assert client.post(f"{path}/activate", status=200)["catching_up"] is None
    with stage.backend.read() as unit:
        key = EndpointKey(PROGRAM, EndpointId(path.rpartition("/")[2]))
        assert read_lane(unit, key).left_at_position is None


def test_an_endpoint_may_come_back_without_the_past(stage: Stage) -> None:
    client = stage.client
    path = made(client)
    client.call("PATCH", path, {"status": "disabled"})
    enrol(client, "m-1")
    back = client.post(f"{path}/activate", {"backfill": False}, status=200)
    assert back["catching_up"] is None
    enrol(client, "m-2")
    assert len(client.get(f"{path}/deliveries")["items"]) == 1
    assert client.post(f"{path}/resume", status=200)["health"] == "healthy"
