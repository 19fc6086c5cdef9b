"""Erasing: after a deletion nothing that named the person is in any table; the books balance."""

from pathlib import Path

from msgspec.structs import replace

from stampbook.clockwork.erasures import erase_some
from stampbook.clockwork.loop import Clockwork
from stampbook.commands import Needs
from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.facts import FactData, catalogue
from stampbook.facts.member.otp_generated import MemberOtpGenerated
from stampbook.nouns.examples import (
    EXAMPLE_CLAIM,
    EXAMPLE_FRIEND_COUPON,
    EXAMPLE_REVIEW,
)
from stampbook.store.asked import together
from stampbook.store.backend import Backend
from stampbook.store.erasing import begin, go_on
from stampbook.store.load import load
from stampbook.store.opening import open_batch
from stampbook.store.save import Batch, Due, save
from stampbook.store.schema import METADATA
from stampbook.store.subscriptions import subscription
from stampbook.store.verify import verify
from stampbook.values.ids import CommandId, EndpointId, ReferralId, ReviewId
from stampbook.values.instants import from_ms
from stampbook.values.json import decode, encode_text
from tests.api.stage import CLOCK_MS, PROGRAM, TOML, Stage, open_stage
from tests.core.test_erasure import MARKER, marked

EMAIL = f"{MARKER}@Shop.Example"
OLD_EMAIL = f"Old.{MARKER}@shop.example"
PROFILE = {
    "first_name": MARKER,
    "last_name": MARKER,
    "email_address": OLD_EMAIL,
    "phone_number": MARKER,
    "address": {"line1": MARKER, "city": MARKER, "postal_code": MARKER},
    "tags": [MARKER],
    "preferred_language": MARKER,
    "instagram_handle": MARKER,
    "twitter_handle": MARKER,
    "custom_attributes": {MARKER: [MARKER]},
}
STATED_ELSEWHERE = ("points.", "tier.", "member.deleted", "member.enrolled", "endpoint.")
"""Facts that the books must agree with: only what really happens states them."""


def places_of(backend: Backend, text: str) -> set[str]:
    """Every table and column that holds a text anywhere, in whatever case."""
    found: set[str] = set()
    with backend.read() as unit:
        for table in METADATA.tables.values():
            for row in unit.rows(f"SELECT {', '.join(table.c.keys())} FROM {table.name}"):
                found.update(
                    f"{table.name}.{column}"
                    for column, value in zip(table.c.keys(), row, strict=True)
                    if text.casefold() in str(value).casefold()
                )
    return found


def differences(stage: Stage) -> list[str]:
    with stage.backend.read() as unit:
        return [each.what for each in verify(unit, PROGRAM)]


def live(stage: Stage) -> None:
    """Do what leaves traces: profile, orders, awards, refusals, holds, kept answers."""
    client = stage.client
    client.post("/v1/members", {"member_id": "ann", **PROFILE})
    client.post("/v1/members", {"member_id": "ben"})
    changed = client.call(
        "PATCH",
        "/v1/members/ann",
        {"email_address": EMAIL},
        headers={"idempotency-key": "change"},
    )
    assert changed.status == 200
    order = {
        "order_id": "o-1",
        "member_id": "ann",
        "order_subtotal": 100,
        "products": [{"product_id": "p", "product_title": MARKER, "product_price": 100}],
        "attributes": {"note": MARKER},
        "reason": MARKER,
    }
    client.post("/v1/orders", order)
    client.call("PATCH", "/v1/orders/o-1", {"status": "shipped"})
    client.post("/v1/orders/o-1/return", {"returned_amount": 10, "reason": MARKER}, status=200)
    award = {"member_id": "ann", "activity_id": "review", "transaction_attributes": {"x": MARKER}}
    client.post("/v1/points/award", {**award, "additional_data": {"y": MARKER}})
    client.post("/v1/points/award", {**award, "activity_id": "survey"})
    client.post("/v1/points/deduct", {"member_id": "ann", "points": 3, "reason": MARKER})
    redeem = {"member_id": "ann", "reward_id": "mug", "transaction_attributes": {"z": MARKER}}
    client.post("/v1/redemptions", redeem)
    client.post("/v1/redemptions", {**redeem, "hold": True})
    assert client.call("POST", "/v1/redemptions", {**redeem, "reward_id": "beans"}).status == 409


def mention(stage: Stage) -> None:
    """Write what others' rows may say of her, and a webhook whose receiver repeated her name."""
    with stage.backend.transaction() as unit:
        asked = together([Needs(members=("ann", "ben"))])
        opening = open_batch(unit, PROGRAM, asked)
        assert opening is not None
        loaded = load(unit, opening, asked, stage.engine.programs)
        draft = Draft(
            loaded.state,
            now=from_ms(CLOCK_MS + 10**10),
            command_id=CommandId("9" * 18 + "0" * 6),
            cause="mention",
            secret=bytes,
        )
        ann, ben = draft.book_of("ann"), draft.book_of("ben")
        assert ann is not None
        assert ben is not None
        claim = replace(
            marked(EXAMPLE_CLAIM),
            referrer_member_id="ben",
            friend_email=OLD_EMAIL,
            friend_coupon="FRIEND-1",
        )
        draft.put_referral(ben, claim)
        later = replace(claim, id=ReferralId("7" * 24), friend_email=None, friend_member_id="ann")
        draft.put_referral(ben, later)
        draft.put_coupon(
            ben, replace(EXAMPLE_FRIEND_COUPON, code="FRIEND-1", friend_email=OLD_EMAIL)
        )
        review = marked(EXAMPLE_REVIEW)
        guest = replace(review, id=ReviewId("8" * 24), member_id=None, email_address=EMAIL)
        draft.put_review(None, guest)
        draft.put_review(ann, replace(review, member_id="ann"))
        for name in catalogue():
            if not name.startswith(STATED_ELSEWHERE):
                state(draft, name, ann)
            if name.startswith("referral."):
                state(draft, name, ben, OLD_EMAIL)
        told = draft.changes.facts[0]
        batch = Batch(
            opening=opening,
            loaded=loaded,
            recorded_ms=CLOCK_MS,
            changes=draft.merge(),
            deliveries=[Due("d" * 24, subscription(EndpointId("e" * 24), "native", "[]"), told.id)],
            outcomes={},
        )
        save(unit, batch)
        unit.run(
            "UPDATE delivery SET status = 'delivered', request_id = ?, response_excerpt = ?",
            ("f" * 24, f"welcome, {MARKER}"),
        )
        unit.insert(
            "attempt",
            (
                "program_id", "id", "endpoint_id", "request_id", "number", "started_at_ms",
                "duration_ms", "response_excerpt", "facts",
            ),
            [(PROGRAM, "a" * 24, "e" * 24, "f" * 24, 1, 0, 0, f"thanks, {MARKER}", 1)],
        )  # fmt: skip


def state(draft: Draft, name: str, book: Book, text: str = MARKER) -> None:
    """State a fact whose personal fields hold a text."""
    data = catalogue()[name].data
    assert issubclass(data, FactData)
    filled = decode(encode_text(marked(catalogue()[name].example())).replace(MARKER, text), data)
    own = set(data.__struct_fields__) - set(FactData.__struct_fields__)
    draft.fact(data, book, **{field: getattr(filled, field) for field in sorted(own)})


def test_a_deleted_person_is_nowhere_and_the_books_balance(database_url: str) -> None:
    with open_stage(database_url) as stage:
        live(stage)
        mention(stage)
        assert places_of(stage.backend, MARKER) == {
            "attempt.response_excerpt",
            "coupon.body",
            "customer_order.body",
            "delivery.response_excerpt",
            "fact.body",
            "idempotency.outcome",
            "member.body",
            "member.email",
            "points_transaction.body",
            "referral.body",
            "referral.friend_email",
            "review.body",
        }
        assert differences(stage) == []
        gone = {"idempotency-key": "gone"}
        deleted = stage.client.call("DELETE", "/v1/members/ann", headers=gone)
        assert deleted.status == 200
        record = stage.client.get("/v1/members/ann/erasure")
        assert record["rows"] > 0
        assert record["finished_at"] is None
        assert erase_some(stage.engine, lambda: False) > 0
        assert places_of(stage.backend, MARKER) == set()
        assert differences(stage) == []
        assert stage.client.get("/v1/members/ann/erasure")["finished_at"] is not None
        assert erase_some(stage.engine, lambda: False) == 0
        again = stage.client.call("DELETE", "/v1/members/ann", headers=gone)
        assert (again.status, again.json) == (200, deleted.json)


def test_the_deletion_itself_erases_what_is_the_members_own(database_url: str) -> None:
    with open_stage(database_url) as stage:
        live(stage)
        stage.client.post("/v1/members/bulk-delete", {"member_ids": ["ann"]}, status=200)
        assert places_of(stage.backend, MARKER) == {"idempotency.outcome", "erasure.emails"}


GROWTH = """
[referrals]
is_active = true
activity = "survey"
friend_coupon = "welcome"

[[coupons]]
id = "welcome"
name = "Welcome"
value = 5
"""


def grow(stage: Stage, **program: str) -> None:
    """Let the program have referrals and coupons, and other settings."""
    settings = "".join(f"{name} = {value}\n" for name, value in program.items())
    toml = TOML.replace("[program]\n", f"[program]\n{settings}") + GROWTH
    body = {"toml": toml, "expected_version": 1}
    path = f"/v1/programs/{PROGRAM}/definition"
    assert stage.client.call("PUT", path, body).status == 200


def befriend(stage: Stage) -> None:
    """Come as a guest by a friend's link, enrol, buy, review, and refer another friend."""
    client = stage.client
    ben = client.post("/v1/members", {"member_id": "ben"})["member"]
    share = {"channel": "email", "friend_emails": [OLD_EMAIL, "other@shop.example"]}
    client.post("/v1/members/ben/referral/shares", share)
    about = {"product_id": "p", "rating": 5, "title": MARKER, "description": MARKER}
    guest = {**about, "name": MARKER, "email_address": OLD_EMAIL}
    client.call("POST", "/v1/reviews", guest, headers={"idempotency-key": "guest"})
    claim = {"referral_code": ben["referral_code"], "email_address": OLD_EMAIL, "name": MARKER}
    client.call("POST", "/v1/referrals/claims", claim, headers={"idempotency-key": "claim"})
    ann = client.post("/v1/members", {"member_id": "ann", **PROFILE})["member"]
    order = {
        "order_id": "o-1",
        "member_id": "ann",
        "order_subtotal": 100,
        "name": MARKER,
        "cart_token": MARKER,
        "utm_source": MARKER,
        "attributes": {"note": MARKER},
        "email_address": OLD_EMAIL,
        "first_name": MARKER,
    }
    keyed = {"idempotency-key": "order"}
    assert client.call("POST", "/v1/orders", order, headers=keyed).status == 201
    client.call("PATCH", "/v1/members/ann", {"email_address": EMAIL})
    client.post("/v1/members/ann/otp")
    own = client.post("/v1/reviews", {**about, "member_id": "ann", "order_id": "o-1"})["review"]
    reply = {"reply": MARKER}
    assert client.call("POST", f"/v1/reviews/{own['id']}/reply", reply).status == 200
    friend = {"referral_code": ann["referral_code"], "email_address": f"cleo@{MARKER}.example"}
    client.post("/v1/referrals/claims", {**friend, "name": MARKER})
    again = {"referral_code": ann["referral_code"], "email_address": EMAIL}
    assert client.call("POST", "/v1/referrals/claims", again).status == 409


def test_a_friend_who_was_a_guest_leaves_no_trace_with_anybody(database_url: str) -> None:
    with open_stage(database_url) as stage:
        grow(stage)
        befriend(stage)
        [completed] = stage.client.get("/v1/referrals?status=completed")["items"]
        assert completed["friend_member_id"] == "ann"
        assert {"fact.body", "referral.body", "review.body"} <= places_of(stage.backend, MARKER)
        otp = decode(
            texts(stage.backend, "SELECT body FROM fact WHERE type = 'member.otp_generated'")[0],
            MemberOtpGenerated,
        ).otp
        stage.client.call("DELETE", "/v1/members/ann")
        erase_some(stage.engine, lambda: False)
        assert places_of(stage.backend, MARKER) == set()
        assert f'"otp":"{otp}"' not in str(texts(stage.backend, "SELECT body FROM fact"))
        assert "other@shop.example" not in str(texts(stage.backend, "SELECT body FROM fact"))
        assert differences(stage) == []


def test_the_order_of_a_guest_is_erased_with_the_member_whom_they_became(
    database_url: str,
) -> None:
    with open_stage(database_url) as stage:
        grow(stage, auto_enrol="false")
        client = stage.client
        ben = client.post("/v1/members", {"member_id": "ben"})["member"]
        claim = {"referral_code": ben["referral_code"], "email_address": EMAIL, "name": MARKER}
        client.post("/v1/referrals/claims", claim)
        order = {"order_id": "o-1", "member_id": "guest-1", "order_subtotal": 50}
        bought = {**order, "email_address": EMAIL, "attributes": {"note": MARKER}}
        assert client.post("/v1/orders", bought)["member"] is None
        client.post("/v1/members", {"member_id": "ann", "email_address": EMAIL})
        assert "customer_order.body" in places_of(stage.backend, MARKER)
        client.call("DELETE", "/v1/members/ann")
        erase_some(stage.engine, lambda: False)
        assert places_of(stage.backend, MARKER) == set()
        assert differences(stage) == []


def test_the_clockwork_erases(sqlite_url: str) -> None:
    with open_stage(sqlite_url) as stage:
        live(stage)
        stage.client.call("DELETE", "/v1/members/ann")
        Clockwork(stage.engine).tick()
        assert stage.client.get("/v1/members/ann/erasure")["finished_at"] is not None
        nobody = stage.client.call("GET", "/v1/members/ben/erasure")
        assert (nobody.status, nobody.json["code"]) == (404, "member.not_deleted")


def texts(backend: Backend, sql: str) -> list[str]:
    with backend.read() as unit:
        return [row[0] for row in unit.rows(sql)]


def test_an_erased_answer_says_so_and_the_request_is_not_done_again(sqlite_url: str) -> None:
    with open_stage(sqlite_url) as stage:
        live(stage)
        stage.client.call("DELETE", "/v1/members/ann")
        erase_some(stage.engine, lambda: False)
        change = {"email_address": EMAIL}
        keyed = {"idempotency-key": "change"}
        again = stage.client.call("PATCH", "/v1/members/ann", change, headers=keyed)
        assert (again.status, again.json["code"]) == (409, "idempotency.answer_erased")
        enrol = stage.client.call("POST", "/v1/members", {"member_id": "ann"})
        assert (enrol.status, enrol.json["code"]) == (409, "member.id_retired")


def test_a_large_member_is_erased_in_pieces_and_an_interrupted_erasure_goes_on(
    database_url: str,
) -> None:
    with open_stage(database_url) as stage:
        live(stage)
        mention(stage)
        for number in range(40):
            award = {"member_id": "ann", "activity_id": "review"}
            attributes = {"transaction_attributes": {"n": f"{MARKER}-{number}"}}
            stage.client.post("/v1/points/award", award | attributes)
        with stage.backend.transaction() as unit:
            ann = unit.rows("SELECT id FROM member WHERE member_id = 'ann'")[0][0]
            begin(unit, PROGRAM, {ann: ("ann", (EMAIL.casefold(),))}, at_ms=0, limit=3)
        assert "fact.body" in places_of(stage.backend, MARKER)
        pieces = 0
        for _ in range(1000):
            with stage.backend.transaction() as unit:
                if not go_on(unit, PROGRAM, at_ms=1, limit=7):
                    break
            pieces += 1
        assert pieces > 20
        # the member's own row is emptied by the deletion
        assert places_of(stage.backend, MARKER) == {"member.body", "member.email"}
        assert differences(stage) == []


def test_sqlite_keeps_no_copy_in_its_file(sqlite_url: str) -> None:
    with open_stage(sqlite_url) as stage:
        live(stage)
        mention(stage)
        stage.client.call("DELETE", "/v1/members/ann")
        erase_some(stage.engine, lambda: False)
        path = Path(sqlite_url.removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            assert MARKER.encode() not in file.read_bytes(), file.name


def test_a_tick_does_a_bounded_part_and_the_next_one_goes_on(sqlite_url: str) -> None:
    with open_stage(sqlite_url) as stage:
        live(stage)
        stage.client.call("DELETE", "/v1/members/ann")
        ticks = 0
        while erase_some(stage.engine, lambda: False, pieces=1):
            ticks += 1
            assert ticks < 100
        assert erase_some(stage.engine, lambda: True) == 0
        assert ticks > 0
        assert places_of(stage.backend, MARKER) == set()
