"""The settings of orders, of coupons and of their rates."""

import pytest

from stampbook.program.validate import validate
from tests.program.programs import SMALL, definition, problems

SETTINGS = """
[orders]
earn_when = ["paid"]
skip_tags = ["exchange"]
link = "https://corner.example/orders/{order_id}"

[orders.rates]
USD = 0.92
"""


def test_settings_that_mean_something_have_no_flaw() -> None:
    assert validate(definition(SMALL + SETTINGS)) == ()


@pytest.mark.parametrize(
    ("old", "new", "key", "remedy"),
    [
        ("USD = 0.92", "EUR = 1", "orders.rates.EUR", "Remove"),
        ("USD = 0.92", "USX = 2", "orders.rates.USX", "Did you mean"),
        ("USD = 0.92", "USD = 0", "orders.rates", ""),
        ('"paid"', '"Cancelled"', "orders.cancel_when[0]", "belongs"),
        ('"paid"', '"refunded"', "orders.refund_when[0]", "belongs"),
        ('["exchange"]', '["web", "PAID"]', "orders.skip_tags[1]", "belongs"),
        ("/{order_id}", "", "orders.link", "{order_id}"),
        ("https://corner.example/orders", "corner", "orders.link", "https://"),
    ],
)
def test_what_cannot_be_meant_has_its_key_and_a_remedy(
    old: str, new: str, key: str, remedy: str
) -> None:
    assert SETTINGS.count(old) == 1
    (problem,) = problems(SMALL + SETTINGS.replace(old, new))
    assert problem.key == key
    assert remedy in problem.remedy
