"""Facts whose Zinrelo data has more than one shape read in each of them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from stampbook import dialects
from stampbook.dialects import Letter
from stampbook.facts import FactData, type_of
from stampbook.facts.referral.completed import ReferralCompleted
from stampbook.facts.referral.friend_claimed import ReferralFriendClaimed
from stampbook.facts.referral.link_shared import ReferralLinkShared
from stampbook.facts.winback.offered import WinbackOffered
from stampbook.nouns.activity import Computation
from stampbook.nouns.examples import (
    EXAMPLE_ACTIVITY,
    EXAMPLE_CLAIM,
    EXAMPLE_COUPON_AWARD,
    EXAMPLE_FRIEND,
    EXAMPLE_FRIEND_COUPON,
    EXAMPLE_GUEST,
    EXAMPLE_NOW,
    EXAMPLE_OFFER,
    EXAMPLE_REFERRAL,
    EXAMPLE_REFERRAL_AWARD,
    example_envelope,
)
from stampbook.nouns.referral import Friend
from stampbook.values.ids import FactId, RequestId
from stampbook.values.json import encode_text
from stampbook.values.signatures import secret_of
from tests.contract import zinrelo_reader

ZINRELO = dialects.catalogue()["zinrelo"]
REQUEST = RequestId("019df2a1c0de4a0000000090")
SECRET = secret_of(bytes(range(32)))
FIXED = replace(
    EXAMPLE_ACTIVITY,
    activity=replace(EXAMPLE_ACTIVITY.activity, computation=Computation(kind="fixed", points=5)),
)
COMPLETED = ReferralCompleted(
    referral=EXAMPLE_REFERRAL,
    friend=EXAMPLE_FRIEND,
    activity_id="sign_up",
    activity_name="Join",
    **example_envelope(),
)

VARIANTS: dict[str, tuple[FactData, set[str]]] = {
    "a share on a social channel": (
        ReferralLinkShared(channel="twitter", **example_envelope(rule_version=None)),
        {"member_info", "share_info"},
    ),
    "a share by e-mail": (
        ReferralLinkShared(
            channel="email", friend_emails=("jo@example.org",), **example_envelope()
        ),
        {"member_info", "share_info", "email_share_info"},
    ),
    "an unknown friend": (
        ReferralFriendClaimed(
            referral=EXAMPLE_CLAIM,
            friend=Friend(email_address="jo@example.org"),
            coupon=EXAMPLE_FRIEND_COUPON,
            **example_envelope(),
        ),
        {"friend_info", "incentive_info"},
    ),
    "an enrolled friend": (
        ReferralFriendClaimed(referral=EXAMPLE_CLAIM, friend=EXAMPLE_FRIEND, **example_envelope()),
        {"friend_info"},
    ),
    **{
        f"a success of {of} with {what}": (
            replace(COMPLETED, friend=friend, rewards=rewards),
            {
                "friend_info",
                "referrer_info",
                "referral_success_activity_info",
                "referrer_reward_info",
            },
        )
        for of, friend in (("a member", EXAMPLE_FRIEND), ("a guest", EXAMPLE_GUEST))
        for what, rewards in (
            ("points", (EXAMPLE_REFERRAL_AWARD,)),
            ("a coupon", (EXAMPLE_COUPON_AWARD,)),
            ("both", (EXAMPLE_REFERRAL_AWARD, EXAMPLE_COUPON_AWARD)),
        )
    },
    "an offer of a fixed activity": (
        WinbackOffered(offer=replace(EXAMPLE_OFFER, activity=FIXED), **example_envelope()),
        {"member_info", "offer_info"},
    ),
}


def rendered(data: FactData) -> bytes:
    fact = dialects.StoredFact(
        id=FactId("f" * 24),
        type=type_of(type(data)),
        cause=data.cause,
        occurred_at=EXAMPLE_NOW,
        recorded_at=EXAMPLE_NOW,
        body=encode_text(data),
    )
    return ZINRELO.render([fact], REQUEST, None).body


def faults(body: bytes) -> list[str]:
    headers = ZINRELO.sign(Letter("any", body), [SECRET], REQUEST, EXAMPLE_NOW)
    return zinrelo_reader.check(body, headers, SECRET)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_reads_in_zinrelo(variant: str) -> None:
    data, keys = VARIANTS[variant]
    body = rendered(data)
    assert faults(body) == []
    assert set(json.loads(body)["events"][0]["data"]) == keys


BENT: dict[str, tuple[str, Callable[[Any], object]]] = {
    "friends of a social share": (
        "a share on a social channel",
        lambda data: data.update(email_share_info={"friend_email": ["jo@example.org"]}),
    ),
    "an incentive of an enrolled friend": (
        "an enrolled friend",
        lambda data: data.update(incentive_info=None),
    ),
    "a guest with a name": (
        "a success of a guest with points",
        lambda data: data["friend_info"].update(first_name="Jo"),
    ),
    "a reward of somebody else": (
        "a success of a member with points",
        lambda data: data["referrer_reward_info"][0].update(member_id="somebody-else"),
    ),
    "points in a coupon award": (
        "a success of a member with a coupon",
        lambda data: data["referrer_reward_info"][0]["award_info"].update(points=5),
    ),
    "a deadline without its comma": (
        "an offer of a fixed activity",
        lambda data: data["offer_info"].update(offer_valid_till="05/25/2026 09:30:15"),
    ),
}


@pytest.mark.parametrize("fault", BENT)
def test_the_zinrelo_reader_finds(fault: str) -> None:
    variant, bend = BENT[fault]
    tree = json.loads(rendered(VARIANTS[variant][0]))
    bend(tree["events"][0]["data"])
    assert faults(json.dumps(tree).encode())
