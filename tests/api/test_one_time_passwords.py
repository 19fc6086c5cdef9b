"""One-time passwords over HTTP: a webhook carries the digits, and nothing else does."""

import re

import msgspec

from stampbook.store.schema import METADATA
from tests.api.stage import OTHER_PROGRAM, Client, Stage

OTP = "/v1/members/m-1/otp"
URL = "https://hooks.shop.example/in"


def told(client: Client) -> str:
    """What the only fact says."""
    [fact] = client.get("/v1/facts?type=member.otp_generated")["items"]
    return fact["data"]["otp"]


def columns_with(stage: Stage, digits: str) -> set[str]:
    """Where in the database the digits stand on their own."""
    alone = re.compile(rf"(?<![0-9a-zA-Z.]){digits}(?![0-9a-zA-Z.])")
    found: set[str] = set()
    with stage.backend.read() as unit:
        for table in METADATA.tables.values():
            for column in table.columns:
                rows = unit.rows(f"SELECT {column.name} FROM {table.name}")
                if any(isinstance(value, str) and alone.search(value) for (value,) in rows):
                    found.add(f"{table.name}.{column.name}")
    return found


def test_digits_are_told_by_the_fact_alone_and_blanked_when_used(stage: Stage) -> None:
    client = stage.client
    client.post("/v1/endpoints", {"url": URL, "event_types": ["member.otp_generated"]})
    client.post("/v1/members", {"member_id": "m-1"})
    answer = client.call("POST", OTP, {}, headers={"Idempotency-Key": "k-1"})
    assert answer.status == 201
    assert answer.json.keys() == {"minutes_valid", "valid_till"}
    digits = told(client)
    assert re.fullmatch("[0-9]{6}", digits)
    assert columns_with(stage, digits) == {"fact.body"}

    again = client.call("POST", OTP, {}, headers={"Idempotency-Key": "k-1"})
    assert again.body == answer.body
    assert told(client) == digits

    wrong = f"{(int(digits) + 1) % 1_000_000:06}"
    assert client.post(f"{OTP}/verify", {"otp": wrong}, status=200) == {
        "verified": False,
        "tries_left": 4,
    }
    right = {"verified": True, "tries_left": 0}
    assert client.post(f"{OTP}/verify", {"otp": digits}, status=200) == right
    assert told(client) == ""
    assert columns_with(stage, digits) == set()
    spent = client.call("POST", f"{OTP}/verify", {"otp": digits})
    assert (spent.status, spent.json["code"]) == (409, "otp.spent")
    assert digits.encode() not in msgspec.json.encode(spent.json)


def test_digits_are_blanked_when_their_time_is_over(stage: Stage) -> None:
    key = stage.add_key("sandbox", "read", "write", "admin", program=OTHER_PROGRAM)
    client = stage.client.with_key(key)
    client.post("/v1/members", {"member_id": "m-1"})
    client.post(OTP, {})
    digits = told(client)
    moved = client.post("/v1/clock/advance", {"to": "2026-01-01T00:05:00Z"}, status=200)
    assert moved["items"] == 1
    assert told(client) == ""
    assert columns_with(stage, digits) == set()
    late = client.call("POST", f"{OTP}/verify", {"otp": digits})
    assert (late.status, late.json["code"]) == (409, "otp.not_in_force")


def test_digits_go_with_the_member(stage: Stage) -> None:
    client = stage.client
    client.post("/v1/members", {"member_id": "m-1"})
    client.post(OTP, {})
    digits = told(client)
    assert client.call("DELETE", "/v1/members/m-1").status == 200
    assert told(client) == ""
    assert columns_with(stage, digits) == set()


def test_who_asks_too_often_is_refused(small_client: Client) -> None:
    small_client.post("/v1/members", {"member_id": "m-1"})
    for _ in range(5):
        small_client.post(OTP, {})
    answer = small_client.call("POST", OTP, {})
    assert (answer.status, answer.json["code"]) == (409, "otp.too_often")


def test_what_are_no_six_digits_is_not_repeated(small_client: Client) -> None:
    small_client.post("/v1/members", {"member_id": "m-1"})
    for wrong in ("98765", "9876543", "98765x", "٠١٢٣٤٥"):
        answer = small_client.call("POST", f"{OTP}/verify", {"otp": wrong})
        assert answer.status == 400
        assert wrong.encode() not in answer.body
    assert small_client.call("POST", "/v1/members/m-2/otp", {}).status == 404
