"""A reader of facts that are not kept any more is told so, with where to go on."""

from stampbook.core.retention import DAY_MS, Retention, cuts
from stampbook.engine.clock import real_ms
from stampbook.store.retention import go_on
from tests.api.stage import PROGRAM, TOML, Stage


def forget(stage: Stage) -> None:
    """Let go of what every fact says that there is."""
    at_ms = real_ms() + 3 * DAY_MS
    with stage.backend.transaction() as unit:
        go_on(unit, PROGRAM, cuts(Retention(facts_days=1), at_ms), at_ms=at_ms, limit=1_000)


def test_a_cursor_before_what_is_kept_is_answered_with_the_next_one(stage: Stage) -> None:
    client = stage.client
    for name in ("ann", "bob"):
        client.post("/v1/members", {"member_id": name})
    cursor = client.get("/v1/facts?limit=1")["next"]
    forget(stage)
    client.post("/v1/members", {"member_id": "cem"})
    answer = client.call("GET", f"/v1/facts?after={cursor}")
    assert (answer.status, answer.json["code"]) == (410, "facts.expired")
    following = client.get(f"/v1/facts?after={answer.json['facts']['next']}")["items"]
    assert [fact["data"]["member"]["member_id"] for fact in following] == ["cem"]
    assert client.get("/v1/facts")["items"] == following
    assert client.get("/v1/facts?member_id=ann")["items"][-1]["data"] is None


def test_who_has_no_whole_history_is_left_out_of_a_simulation(stage: Stage) -> None:
    client = stage.client
    client.post("/v1/members", {"member_id": "ann"})
    forget(stage)
    client.post("/v1/members", {"member_id": "bob"})
    report = client.post("/v1/simulations", {"toml": TOML}, status=200)["report"]
    assert (report["members"], report["forgotten"]) == (1, 1)


def test_a_secret_that_has_gone_with_its_fact_is_not_looked_for(stage: Stage) -> None:
    """A password's fact is blanked a little later; by then it may have had its time."""
    client = stage.client
    client.post("/v1/members", {"member_id": "ann", "email_address": "ann@shop.example"})
    client.post("/v1/members/ann/otp", {})
    forget(stage)
    client.post("/v1/members/ann/otp", {})
    with stage.backend.read() as unit:
        bodies = unit.rows("SELECT body FROM fact WHERE type = 'member.otp_generated'")
    assert [bool(body) for (body,) in bodies] == [False, True]
