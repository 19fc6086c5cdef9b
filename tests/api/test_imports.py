from tests.api.stage import Answer, Client, Stage

CSV = "member_id,first_name,tags\nc-1,Anna,a;b\nc-2,Ben,\n"


def send(client: Client, kind: str, text: str, query: str = "") -> Answer:
    return client.call(
        "POST",
        f"/v1/imports/{kind}{query}",
        raw=text.encode(),
        headers={"content-type": "text/csv; charset=utf-8"},
    )


def test_rows_are_imported_once(client: Client) -> None:
    first = send(client, "members", CSV).json
    assert (first["rows"], first["imported"], first["finished"]) == (2, 2, True)
    again = send(client, "members", "\ufeff" + CSV).json
    assert (again["imported"], again["already_there"]) == (0, 2)
    assert client.get("/v1/members/c-1")["first_name"] == "Anna"
    orders = send(client, "orders", "order_id,member_id,order_subtotal\n1,c-1,10\n").json
    assert orders["imported"] == 1
    assert client.get("/v1/members/c-1")["balances"]["available"] == 20


def test_a_rejected_row_is_told_with_its_line(client: Client) -> None:
    answer = send(client, "members", CSV + '"c\n3",Cleo,\nc-1,Other,\n').json
    assert (answer["imported"], answer["rejected"]) == (2, 2)
    assert [(row["line"], row["code"]) for row in answer["rejections"]] == [
        (4, "row.invalid"),
        (6, "member.exists"),
    ]


def test_a_dry_run_stores_nothing(client: Client) -> None:
    assert send(client, "members", CSV, "?dry_run=true").json["imported"] == 2
    assert client.get("/v1/members")["items"] == []


def test_an_import_may_be_silent(stage: Stage) -> None:
    stage.client.post("/v1/endpoints", {"url": "https://shop.example/"})
    send(stage.client, "members", CSV, "?webhooks=false")
    with stage.backend.read() as unit:
        assert unit.rows("SELECT count(*) FROM delivery") == [(0,)]
        assert unit.rows("SELECT count(*) FROM fact") == [(2,)]


def test_a_text_that_is_no_csv_is_refused(small_client: Client) -> None:
    for text in ("", "first_name\nAnna\n", "member_id,what\n1,2\n", 'member_id\n"a" b\n'):
        answer = send(small_client, "members", text)
        assert (answer.status, answer.json["code"]) == (422, "import.unreadable"), text
    nul = send(small_client, "members", "member_id\na\0\n")
    assert (nul.status, nul.json["code"]) == (400, "request.text_unstorable")
    answer = small_client.call("POST", "/v1/imports/members", {})
    assert (answer.status, answer.json["code"]) == (415, "request.media_type_unsupported")
