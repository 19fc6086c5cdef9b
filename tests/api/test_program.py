from tests.api.stage import OTHER_PROGRAM, PROGRAM, TOML, Client, Stage

PATH = f"/v1/programs/{PROGRAM}"


def test_a_key_sees_its_own_program_only(client: Client) -> None:
    [program] = client.get("/v1/programs")["programs"]
    assert (program["id"], program["clock"], program["version"]) == (PROGRAM, "real", 1)
    read = client.get(PATH)
    assert read == program | {"now": read["now"]}
    for path in (OTHER_PROGRAM, "nobody"):
        answer = client.call("GET", f"/v1/programs/{path}")
        assert (answer.status, answer.json["code"]) == (404, "program.not_found")


def test_a_plan_says_what_changes_and_changes_nothing(client: Client) -> None:
    toml = TOML.replace("points = 20", "points = 25")
    plan = client.post(f"{PATH}/definition/plan", {"toml": toml}, status=200)
    [change] = plan["changes"]
    assert (plan["problems"], plan["version"]) == ([], 1)
    assert change["path"].startswith("activities.review")
    assert client.get(f"{PATH}/definition")["toml"] == TOML


def test_a_plan_lists_every_problem_with_its_line(client: Client) -> None:
    toml = TOML.replace("points = 20", 'points = "x"').replace('"EUR"', '"euro"')
    plan = client.post(f"{PATH}/definition/plan", {"toml": toml}, status=200)
    assert plan["changes"] == []
    lines = toml.splitlines()
    told: list[str] = [lines[problem["line"] - 1] for problem in plan["problems"]]
    assert told == [
        'currency = "euro"',
        'computation = { kind = "fixed", points = "x" }',
    ]
    assert all(problem["key"] and problem["remedy"] for problem in plan["problems"])


def test_a_definition_is_applied_against_the_version_it_was_planned_for(client: Client) -> None:
    toml = TOML.replace("points = 20", "points = 25")
    body = {"toml": toml, "expected_version": 1}
    applied = client.call("PUT", f"{PATH}/definition", body)
    assert (applied.status, applied.json["version"]) == (200, 2)
    stale = client.call("PUT", f"{PATH}/definition", body)
    assert (stale.status, stale.json["code"]) == (409, "definition.version_stale")
    same = client.call("PUT", f"{PATH}/definition", body | {"expected_version": 2})
    assert (same.json["version"], same.json["changes"]) == (2, [])
    client.post("/v1/members", {"member_id": "m-1"})
    award = client.post("/v1/points/award", {"member_id": "m-1", "activity_id": "review"})
    assert award["transaction"]["points"] == 25


def test_a_definition_with_a_problem_is_not_applied(client: Client) -> None:
    body = {"toml": "name = 1", "expected_version": 1}
    answer = client.call("PUT", f"{PATH}/definition", body)
    assert (answer.status, answer.json["code"]) == (422, "definition.invalid")
    assert client.get(PATH)["version"] == 1


def test_a_test_clock_moves_and_things_fall_due(stage: Stage) -> None:
    key = stage.add_key("sandbox", "read", "write", "admin", program=OTHER_PROGRAM)
    client = stage.client.with_key(key)
    client.post("/v1/members", {"member_id": "m-1"})
    client.post("/v1/points/award", {"member_id": "m-1", "activity_id": "review"})
    assert client.get("/v1/clock") == {
        "clock": "test",
        "now": "2026-01-01T00:00:00Z",
        "target": None,
    }
    moved = client.post("/v1/clock/advance", {"months": 1, "days": 1}, status=200)
    assert (moved["now"], moved["items"], moved["finished"]) == ("2026-02-02T00:00:00Z", 4, True)
    assert client.get("/v1/clock")["now"] == "2026-02-02T00:00:00Z"
    [newest, *_] = client.get("/v1/facts?member_id=m-1")["items"]
    assert (newest["type"], newest["occurred_at"]) == ("points.expired", "2026-01-31T00:00:00Z")
    back = client.call("POST", "/v1/clock/advance", {"to": "2026-01-05T00:00:00Z"})
    assert (back.status, back.json["code"]) == (422, "clock.backwards")
    both = client.call("POST", "/v1/clock/advance", {"to": "2027-01-05T00:00:00Z", "days": 1})
    assert (both.status, both.json["code"]) == (400, "request.invalid")


def test_real_time_is_not_moved(client: Client) -> None:
    answer = client.call("POST", "/v1/clock/advance", {"days": 1})
    assert (answer.status, answer.json["code"]) == (409, "clock.is_real")
