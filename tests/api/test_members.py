from base64 import urlsafe_b64encode

import pytest

from tests.api.stage import CLOCK_MS, OTHER_PROGRAM, Client, Stage


@pytest.fixture
def sandbox(stage: Stage) -> Client:
    """A client of the program on a test clock."""
    key = stage.add_key("sandbox", "read", "write", "admin", program=OTHER_PROGRAM)
    return stage.client.with_key(key)


def enrol(client: Client, member_id: str, **fields: object) -> None:
    client.post("/v1/members", {"member_id": member_id, **fields})


def test_a_member_is_enrolled_read_changed_and_deleted(client: Client) -> None:
    enrol(client, "a/ä b", first_name="Anna", tags=["x"])
    path = "/v1/members/a%2F%C3%A4%20b"
    assert client.get(path)["first_name"] == "Anna"
    changed = client.call("PATCH", path, {"first_name": None, "tags": ["y"]})
    assert changed.json["changed"] == ["first_name", "tags"]
    assert client.get(path)["tags"] == ["y"]
    assert client.call("DELETE", path).json == {"member_ids": ["a/ä b"]}
    assert client.call("GET", path).json["code"] == "member.not_found"
    again = client.call("POST", "/v1/members", {"member_id": "a/ä b"})
    assert (again.status, again.json["code"]) == (409, "member.id_retired")


def test_members_are_deleted_together_or_not_at_all(client: Client) -> None:
    enrol(client, "m-1")
    answer = client.call("POST", "/v1/members/bulk-delete", {"member_ids": ["m-1", "m-2"]})
    assert (answer.status, answer.json["code"]) == (404, "member.not_found")
    enrol(client, "m-2")
    client.post("/v1/members/bulk-delete", {"member_ids": ["m-1", "m-2"]}, status=200)
    assert client.get("/v1/members")["items"] == []


def test_members_come_in_pages_that_hold_each_once(client: Client) -> None:
    for number in range(5):
        enrol(client, f"m-{number}")
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"/v1/members?limit=2{cursor}")
        seen += [member["member_id"] for member in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"m-{number}" for number in range(5)]


def test_members_are_filtered(client: Client) -> None:
    enrol(client, "m-1", tags=["vip"], email_address="anna@shop.example")
    enrol(client, "m-2", status="blocked")
    client.post("/v1/points/award", {"member_id": "m-1", "activity_id": "review"})

    def found(query: str) -> list[str]:
        return [member["member_id"] for member in client.get(f"/v1/members?{query}")["items"]]

    assert found("tag=vip") == ["m-1"]
    assert found("tag=vi") == []
    assert found("email=anna%40shop.example") == ["m-1"]
    assert found("email=Anna%40Shop.Example") == ["m-1"]
    assert found("status=blocked") == ["m-2"]
    assert found("tier=bean&min_available=20") == ["m-1"]
    assert found("min_available=21") == []
    assert found("enrolled_after=2020-01-01T00:00:00Z") == ["m-1", "m-2"]
    assert found("enrolled_before=2020-01-01T00:00:00Z") == []


@pytest.mark.parametrize("cursor", ["!", "AAAA", "W10", "WzEyMzQ1Njc4OTAxMjM0NTY3ODkwMTJd"])
def test_a_cursor_of_nobody_is_refused(small_client: Client, cursor: str) -> None:
    answer = small_client.call("GET", f"/v1/members?cursor={cursor}")
    assert answer.status == 400
    assert answer.json["field"] == "cursor"


def test_a_cursor_past_every_number_is_refused(client: Client) -> None:
    enrol(client, "m-1")
    forged = urlsafe_b64encode(b"[99999999999999999999]").decode().rstrip("=")
    for path in (f"/v1/members/m-1/history?cursor={forged}", f"/v1/facts?after={forged}"):
        answer = client.call("GET", path)
        assert (answer.status, answer.json["code"]) == (400, "cursor.invalid")


def test_a_cursor_with_a_nul_is_refused(client: Client) -> None:
    forged = urlsafe_b64encode(rb'["\u0000"]').decode().rstrip("=")
    answer = client.call("GET", f"/v1/members?cursor={forged}")
    assert (answer.status, answer.json["code"]) == (400, "cursor.invalid")


def test_a_balance_is_right_before_any_sweep(stage: Stage, sandbox: Client) -> None:
    sandbox.post("/v1/points/award", {"member_id": "m-1", "activity_id": "review"}, status=404)
    enrol(sandbox, "m-1")
    sandbox.post("/v1/points/award", {"member_id": "m-1", "activity_id": "review"})
    [lot] = sandbox.get("/v1/members/m-1/lots")["items"]
    assert lot["remaining"] == 20
    with stage.backend.transaction() as unit:  # the clock jumps, and nothing sweeps
        unit.run(
            "UPDATE program SET now_ms = ? WHERE id = ?",
            (CLOCK_MS + 40 * 86_400_000, OTHER_PROGRAM),
        )
    balances = sandbox.get("/v1/members/m-1")["balances"]
    assert (balances["available"], balances["expired"]) == (0, 20)
    assert sandbox.get("/v1/members/m-1/lots")["items"] == []
    [listed] = sandbox.get("/v1/members")["items"]
    assert listed["balances"] == balances
    with stage.backend.read() as unit:
        assert unit.rows("SELECT available FROM member WHERE program_id = ?", (OTHER_PROGRAM,)) == [
            (20,)
        ]


def test_the_tier_says_what_is_missing(client: Client) -> None:
    enrol(client, "m-1")
    client.post("/v1/points/award", {"member_id": "m-1", "activity_id": "review"})
    progress = client.get("/v1/members/m-1/tier")
    assert (progress["standing"]["tier_id"], progress["counted"]) == ("bean", 20)
    assert progress["next"] == {
        "tier_id": "gold",
        "name": "Gold",
        "threshold": 500,
        "missing": 480,
    }
    client.call("PUT", "/v1/members/m-1/tier", {"tier_id": "gold"})
    progress = client.get("/v1/members/m-1/tier")
    assert (progress["standing"]["tier_id"], progress["next"]) == ("gold", None)


def test_rewards_say_why_they_cannot_be_redeemed(client: Client) -> None:
    enrol(client, "m-1")
    client.post("/v1/points/award", {"member_id": "m-1", "activity_id": "review"})
    mug, beans = client.get("/v1/members/m-1/rewards")["items"]
    assert (mug["is_available"], mug["missing"], mug["closed_by"]) == (False, 30, None)
    assert (beans["is_available"], beans["closed_by"]) == (False, "reward.out_of_stock")
    client.post("/v1/rewards/beans/codes", {"codes": ["B-1"]}, status=200)
    _, beans = client.get("/v1/members/m-1/rewards")["items"]
    assert (beans["is_available"], beans["closed_by"]) == (True, None)


def test_history_is_newest_first_and_in_pages(client: Client) -> None:
    enrol(client, "m-1")
    client.post("/v1/rewards/beans/codes", {"codes": ["B-1"]}, status=200)
    client.post("/v1/points/award", {"member_id": "m-1", "activity_id": "review"})
    first = client.get("/v1/members/m-1/history?limit=1")
    second = client.get(f"/v1/members/m-1/history?limit=1&cursor={first['next_cursor']}")
    third = client.get(f"/v1/members/m-1/history?limit=1&cursor={second['next_cursor']}")
    assert first["items"][0]["type"] == "reward.became_available"
    assert second["items"][0]["data"]["transaction"]["points"] == 20
    assert (third["items"][0]["type"], third["next_cursor"]) == ("member.enrolled", None)


def test_another_programs_members_are_not_there(stage: Stage, sandbox: Client) -> None:
    enrol(stage.client, "m-1")
    assert sandbox.call("GET", "/v1/members/m-1").status == 404
    assert sandbox.get("/v1/members")["items"] == []
