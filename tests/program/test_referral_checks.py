"""The settings of referrals name activities that exist and can be done when a friend comes."""

import pytest

from stampbook.program.validate import validate
from tests.program.programs import SMALL, definition, problems

SETTINGS = """
[[activities]]
id = "friend"
name = "Bringing a friend"
computation = { kind = "fixed", points = 50 }

[[activities]]
id = "cake"
name = "Birthday"
on = "birthday"
computation = { kind = "fixed", points = 5 }

[[coupons]]
id = "ten"
name = "Ten off"
value = 10

[referrals]
is_active = true
activity = "friend"
friend_coupon = "ten"
completed_by = ["buy"]
"""


def test_settings_that_mean_something_have_no_flaw() -> None:
    assert validate(definition(SMALL + SETTINGS)) == ()


@pytest.mark.parametrize(
    ("old", "new", "key", "remedy"),
    [
        ('activity = "friend"', "", "referrals", "Give activity"),
        ('activity = "friend"', 'activity = "freind"', "referrals.activity", "Did you mean friend"),
        ('activity = "friend"', 'activity = "buy"', "referrals.activity", 'on = "request"'),
        (
            "is_active = true",
            'is_active = true\nfriend_activity = "cake"',
            "referrals.friend_activity",
            'on = "request"',
        ),
        ('["buy"]', "[]", "referrals.completed_by", "Name an activity"),
        ('["buy"]', '["buy", "by"]', "referrals.completed_by[1]", "Did you mean buy"),
        ('["buy"]', '["cake"]', "referrals.completed_by[0]", "Name something"),
        ('friend_coupon = "ten"', 'friend_coupon = "tin"', "referrals.friend_coupon", "ten"),
    ],
)
def test_what_cannot_be_meant_has_its_key_and_a_remedy(
    old: str, new: str, key: str, remedy: str
) -> None:
    assert SETTINGS.count(old) == 1
    (problem,) = problems(SMALL + SETTINGS.replace(old, new))
    assert problem.key == key
    assert remedy in problem.remedy


def test_what_is_switched_off_may_be_unfinished() -> None:
    text = SETTINGS.replace("is_active = true", "is_active = false").replace('"friend"', '"x"', 2)
    assert validate(definition(SMALL + text.replace('activity = "x"', 'activity = "y"'))) == ()
