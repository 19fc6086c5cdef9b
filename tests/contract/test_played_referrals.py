"""What the engine really says of referrals reads in the words of both vendors."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from stampbook import dialects
from stampbook.commands.complete_referral import CompleteReferral
from stampbook.commands.remind_referrals import RemindReferrals
from stampbook.commands.share_referral_link import ShareReferralLink
from stampbook.dialects import Dialect, StoredFact
from stampbook.facts import Fact, catalogue
from stampbook.nouns.examples import EXAMPLE_BUSINESS
from stampbook.values.ids import RequestId
from stampbook.values.json import encode_text
from stampbook.values.signatures import secret_of
from tests.contract import nector_reader, zinrelo_reader
from tests.core.referring import BENS_EMAIL, THANKS, ReferringShop
from tests.core.shop import ADA

REQUEST = RequestId("019df2a1c0de4a0000000090")
SECRET = secret_of(bytes(range(32)))
SENT_AT = datetime(2026, 5, 4, 9, 30, 16, tzinfo=UTC)
READERS: dict[str, Callable[..., list[str]]] = {
    "zinrelo": zinrelo_reader.check,
    "nector": nector_reader.check,
}


def played() -> ReferringShop:
    """A shop where friends came in every way that there is."""
    shop = ReferringShop(
        thanks=replace(THANKS, coupon="ten"),
        completed_by=("purchase", "booking"),
        remind_after_days=2,
    )
    shop.do(ShareReferralLink(member_id=ADA, channel="email", friend_emails=(BENS_EMAIL,)))
    shop.do(ShareReferralLink(member_id=ADA, channel="twitter"))
    shop.claim(name="Ben Li")
    shop.join()
    shop.join("cyd", "cyd@friends.example")
    cyd = shop.claim("cyd@friends.example")
    dee = shop.claim("dee@friends.example")
    eve = shop.claim("eve@friends.example")
    fay = shop.claim("fay@friends.example")
    shop.travel("2026-01-12 09:00")
    ids = (cyd.referral.id, dee.referral.id)
    shop.do(RemindReferrals(referral_ids=ids, friends=("cyd",)))
    shop.buy()
    shop.buy("o-2", "cyd")
    shop.set(auto_enrol=False)
    shop.buy("o-3", "guest-7", email_address="dee@friends.example")
    shop.buy("o-4", "guest-8", coupon_code=eve.referral.friend_coupon)
    by_hand = CompleteReferral(
        referral_id=fay.referral.id, activity_id="booking", friend_member_id="guest-9"
    )
    shop.do(by_hand)
    return shop


def spoken(dialect: Dialect, fact: Fact) -> dict[str, Any]:
    stored = StoredFact(
        id=fact.id,
        type=fact.type,
        cause=fact.data.cause,
        occurred_at=fact.occurred_at,
        recorded_at=fact.occurred_at,
        body=encode_text(fact.data),
    )
    letter = dialect.render([stored], REQUEST, EXAMPLE_BUSINESS)
    headers = dialect.sign(letter, [SECRET], REQUEST, SENT_AT)
    assert READERS[dialect.name](letter.body, headers, SECRET) == [], fact.type
    return json.loads(letter.body)


@pytest.mark.parametrize("name", READERS)
def test_every_fact_of_every_way_reads(name: str) -> None:
    dialect = dialects.catalogue()[name]
    facts = [fact for fact in played().everything.facts if fact.type.startswith("referral.")]
    count = {kind: sum(fact.type == kind for fact in facts) for kind in {f.type for f in facts}}
    assert count == {
        "referral.link_shared": 2,
        "referral.friend_claimed": 5,
        "referral.reminded": 2,
        "referral.completed": 5,
    }
    said = [fact for fact in facts if getattr(catalogue()[fact.type], name) is not None]
    assert said
    for fact in said:
        spoken(dialect, fact)


def test_a_guest_of_zinrelo_is_an_address_and_a_key() -> None:
    dialect = dialects.catalogue()["zinrelo"]
    completed = [fact for fact in played().everything.facts if fact.type == "referral.completed"]
    data = [spoken(dialect, fact)["events"][0]["data"] for fact in completed]
    guests = [one["friend_info"] for one in data if "member_status" not in one["friend_info"]]
    assert guests == [
        {"email_address": "dee@friends.example", "member_id": "guest-7"},
        {"email_address": "eve@friends.example", "member_id": "guest-8"},
        {"email_address": "fay@friends.example", "member_id": "guest-9"},
    ]
    assert data[-1]["referral_success_activity_info"]["order_info"] is None
    rewards = [reward["transaction_type"] for reward in data[0]["referrer_reward_info"]]
    assert rewards == ["award", "coupon_award"]
