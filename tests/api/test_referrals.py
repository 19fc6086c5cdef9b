"""Referrals over HTTP: shares, claims, lists, and the public page behind a link."""

from urllib.parse import quote, urlencode

import pytest

from tests.api.stage import OTHER_PROGRAM, PROGRAM, TOML, Answer, Client, Stage

REFERRING = (
    TOML.replace("[program]", '[program]\nauto_enrol = false\nwebsite = "https://shop.example"')
    + """
[[activities]]
id = "referral"
name = "Brought a friend"
computation = { kind = "fixed", points = 40 }

[[activities]]
id = "tasting"
name = "Came to a tasting"
computation = { kind = "fixed", points = 5 }

[[coupons]]
id = "first_bag"
name = "15 % <off> the first bag"
value_class = "percent"
value = 15
link = "https://shop.example/cart?code={code}"

[referrals]
is_active = true
activity = "referral"
friend_coupon = "first_bag"
completed_by = ["made_a_purchase", "tasting"]
refuse_disposable = true
"""
)
BEN = "ben@friends.example"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def begin(client: Client) -> str:
    """Switch referrals on, enrol Ada, and give her code."""
    body = {"toml": REFERRING, "expected_version": 1}
    applied = client.call("PUT", f"/v1/programs/{PROGRAM}/definition", body)
    assert applied.status == 200, applied
    ada = {"member_id": "ada", "email_address": "ada@members.example"}
    return client.post("/v1/members", ada)["member"]["referral_code"]


def claim(client: Client, code: str, email: str = BEN) -> Answer:
    return client.call(
        "POST", "/v1/referrals/claims", {"referral_code": code, "email_address": email}
    )


def post_form(client: Client, path: str, **fields: str) -> Answer:
    return client.with_key(None).call("POST", path, raw=urlencode(fields).encode(), headers=FORM)


def test_a_friend_claims_buys_as_a_guest_and_the_member_is_paid(client: Client) -> None:
    code = begin(client)
    claimed = claim(client, code).json
    assert claimed["coupon"]["name"] == "15 % <off> the first bag"
    referral = claimed["referral"]
    order = {
        "order_id": "1",
        "member_id": "guest-1",
        "order_subtotal": 20,
        "email_address": BEN.upper(),
        "coupon_code": claimed["coupon"]["code"],
    }
    bought = client.post("/v1/orders", order)
    assert (bought["member"], bought["transaction"]) == (None, None)
    assert bought["referral"]["status"] == "completed"
    assert client.get("/v1/orders/1")["is_guest"] is True
    assert client.get(f"/v1/coupons/{claimed['coupon']['code']}")["status"] == "used"
    assert client.get("/v1/members/ada")["balances"]["available"] == 40
    read = client.get(f"/v1/referrals/{referral['id']}")
    assert (read["order_id"], read["friend_member_id"]) == ("1", "guest-1")
    other = claim(client, code, "cyd@friends.example").json["coupon"]["code"]
    twin = order | {"order_id": "2", "coupon_code": other, "email_address": "ada@members.example"}
    refused = client.call("POST", "/v1/orders", twin)
    assert (refused.status, refused.json["code"]) == (409, "referral.own_link")
    again = client.call("POST", "/v1/orders", order | {"order_id": "3"})
    assert (again.status, again.json["code"]) == (404, "program.auto_enrol_off")


def test_an_explained_order_of_a_referred_member_changes_nothing(client: Client) -> None:
    code = begin(client)
    assert claim(client, code).status == 201
    client.post("/v1/members", {"member_id": "ben", "email_address": BEN})
    order = {"order_id": "1", "member_id": "ben", "order_subtotal": 20, "email_address": BEN}
    explained = client.post("/v1/orders/explain", order, status=200)
    assert (explained["would_be_recorded"], explained["points"]) == (True, 40)
    assert client.get("/v1/members/ada")["balances"]["available"] == 0
    guest = order | {"member_id": "guest-1", "email_address": "c@friends.example"}
    assert claim(client, code, "c@friends.example").status == 201
    assert client.post("/v1/orders/explain", guest, status=200)["points"] == 0
    client.post("/v1/orders", order)
    assert client.get("/v1/members/ada")["balances"]["available"] == 40


def test_enrolment_with_a_code_says_by_whom(client: Client) -> None:
    code = begin(client)
    joined = client.post("/v1/members", {"member_id": "ben", "referral_code": code})
    assert joined["referral"]["mode"] == "code"
    assert joined["referral_refused"] is None
    other = client.post("/v1/members", {"member_id": "cyd", "referral_code": "nobody"})
    assert other["referral_refused"]["code"] == "referral.code_unknown"


def test_a_guest_completes_by_hand(client: Client) -> None:
    code = begin(client)
    referral_id = claim(client, code).json["referral"]["id"]
    path = f"/v1/referrals/{referral_id}/complete"
    refused = client.call("POST", path, {"activity_id": "review", "friend_member_id": "g"})
    assert (refused.status, refused.json["code"]) == (422, "referral.activity_does_not_count")
    done = client.post(path, {"activity_id": "tasting", "friend_member_id": "g"}, status=200)
    assert done["referral"]["status"] == "completed"
    again = client.call("POST", path, {"activity_id": "tasting", "friend_member_id": "g"})
    assert again.json["code"] == "referral.not_open"


def test_shares_are_told(client: Client) -> None:
    begin(client)
    path = "/v1/members/ada/referral/shares"
    shared = client.post(path, {"channel": "email", "friend_emails": [BEN, BEN.upper()]})
    assert shared["friend_emails"] == [BEN]
    assert client.post(path, {"channel": "whatsapp"})["friend_emails"] == []
    assert client.call("POST", path, {"channel": "email"}).status == 422
    assert client.call("POST", path, {"channel": "e mail"}).status == 400
    too_many = [f"f{number}@friends.example" for number in range(51)]
    body = {"channel": "email", "friend_emails": too_many}
    assert client.call("POST", path, body).status == 400
    facts = client.get("/v1/members/ada/history")["items"]
    assert [fact["type"] for fact in facts][:2] == ["referral.link_shared"] * 2


def test_referrals_are_listed_newest_first(client: Client) -> None:
    code = begin(client)
    ids = [
        claim(client, code, f"f{number}@friends.example").json["referral"]["id"]
        for number in range(5)
    ]
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"/v1/referrals?member_id=ada&status=claimed&limit=2{cursor}")
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ids[::-1]
    assert client.get("/v1/referrals?status=completed")["items"] == []
    assert client.call("GET", "/v1/referrals?member_id=nobody").status == 404
    assert client.call("GET", f"/v1/referrals/{'f' * 24}").status == 404


def test_another_program_sees_no_referral(stage: Stage) -> None:
    code = begin(stage.client)
    referral_id = claim(stage.client, code).json["referral"]["id"]
    key = stage.add_key("other", "read", "write", program=OTHER_PROGRAM)
    other = stage.client.with_key(key)
    assert other.call("GET", f"/v1/referrals/{referral_id}").status == 404
    assert other.get("/v1/referrals")["items"] == []
    assert claim(other, code).json["code"] == "referral.inactive"


def test_the_page_gives_the_coupon_without_a_key_or_a_script(client: Client) -> None:
    code = begin(client)
    public = client.with_key(None)
    for path in (f"/r/{code}", f"/r/{PROGRAM}/{code}"):
        shown = public.call("GET", path)
        page = shown.body.decode()
        assert shown.status == 200
        assert "Roastery Rewards" in page
        assert "15 % &lt;off&gt; the first bag" in page
        assert "<script" not in page
        assert '<form method="post">' in page
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert shown.headers["cache-control"] == "no-store"
    claimed = post_form(client, f"/r/{code}", email_address=BEN, name="Ben")
    assert claimed.status == 200
    [referral] = client.get("/v1/referrals")["items"]
    assert (referral["friend_email"], referral["friend_name"]) == (BEN, "Ben")
    assert referral["friend_coupon"] in claimed.body.decode()
    assert f"https://shop.example/cart?code={referral['friend_coupon']}" in claimed.body.decode()


def test_a_mailbox_claims_once_however_it_is_written(client: Client) -> None:
    code = begin(client)
    assert claim(client, code, "ben+1@friends.example").status == 201
    for again in ("ben+2@friends.example", "Ben@friends.example"):
        answer = claim(client, code, again)
        assert (answer.status, answer.json["code"]) == (409, "referral.friend_taken")
    order = {"order_id": "o-1", "member_id": "g-1", "order_subtotal": 30}
    bought = client.post("/v1/orders", {**order, "email_address": "ben@friends.example"})
    assert bought["referral"]["friend_email"] == "ben+1@friends.example"
    assert bought["referral"]["status"] == "completed"


def test_the_cookie_of_the_page_names_who_brought_somebody(client: Client) -> None:
    code = begin(client)
    shown = client.with_key(None).call("GET", f"/r/{code}")
    cookie, *attributes = shown.headers["set-cookie"].split("; ")
    assert {"Path=/", "Max-Age=2592000", "SameSite=Lax", "Secure"} == set(attributes)
    name, _, value = cookie.partition("=")
    assert name == "stampbook_referral"
    # what the shop does with it when the visitor signs up
    joined = client.post("/v1/members", {"member_id": "ben", "referral_code": value})
    assert joined["referral"]["referrer_member_id"] == "ada"
    order = {"order_id": "o-1", "member_id": "ben", "order_subtotal": 30}
    assert client.post("/v1/orders", order)["referral"]["status"] == "completed"
    assert "set-cookie" not in client.with_key(None).call("GET", "/r/NOBODY").headers


@pytest.mark.parametrize(
    ("email", "status", "said"),
    [
        ("nobody", 422, "valid e-mail"),
        ("", 422, "valid e-mail"),
        ("ada@members.example", 409, "your own invitation"),
        ("x@mailinator.com", 409, "that you keep"),
        ('"><script>alert(1)</script>@x.example', 200, "&lt;script&gt;"),
    ],
)
def test_the_page_says_what_is_wrong_and_escapes_what_was_typed(
    small_client: Client, email: str, status: int, said: str
) -> None:
    code = begin(small_client)
    answer = post_form(small_client, f"/r/{code}", email_address=email)
    assert answer.status == status
    assert said in answer.body.decode()
    assert "<script>" not in answer.body.decode()


def test_the_page_of_nobody_and_a_form_that_is_none(small_client: Client) -> None:
    code = begin(small_client)
    public = small_client.with_key(None)
    for path in ("/r/NOBODY", f"/r/{OTHER_PROGRAM}/{code}", f"/r/{quote('a b')}/{code}", "/r/%00"):
        answer = public.call("GET", path)
        assert answer.status == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert post_form(small_client, path, email_address=BEN).status == 404
    many = {f"f{number}": "x" for number in range(9)}
    assert post_form(small_client, f"/r/{code}", email_address=BEN, **many).status == 422
    assert public.call("POST", f"/r/{code}", raw=b"\xff\xfe", headers=FORM).status == 422
    assert public.call("POST", f"/r/{code}", raw=b"x" * 5000, headers=FORM).status == 413
    assert public.call("GET", "/r/style.css").headers["content-type"].startswith("text/css")


def test_a_flood_of_claims_is_held_off(small_client: Client) -> None:
    code = begin(small_client)
    statuses = [
        post_form(small_client, f"/r/{code}", email_address="ada@members.example").status
        for _ in range(40)
    ]
    assert statuses == [409] * 30 + [429] * 10
    facts = small_client.get("/v1/members/ada/history?limit=200")["items"]
    assert sum(fact["type"] == "referral.refused" for fact in facts) == 30
