"""One-time passwords: told once, right once, tried a few times, asked for now and then."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stampbook.commands.request_otp import OtpRequested, RequestOtp
from stampbook.commands.update_member import UpdateMember
from stampbook.commands.verify_otp import OtpChecked, VerifyOtp
from stampbook.core.growth import OneTimePasswords
from stampbook.core.one_time_passwords import FAIR_BELOW, NUMBER_BYTES, NUMBERS, generate
from stampbook.core.refusals import Refused
from stampbook.facts.member.otp_generated import MemberOtpGenerated
from tests.core.shop import ADA, Shop


def shop_with(**settings: Any) -> Shop:
    shop = Shop()
    definition = replace(shop.state.program.definition, otp=OneTimePasswords(**settings))
    shop.redefine(definition)
    return shop


def ask(shop: Shop) -> str:
    """Ask for a password and give the digits that the fact tells."""
    asked: OtpRequested = shop.do(RequestOtp(member_id=ADA))
    [fact] = shop.last.facts
    assert isinstance(fact.data, MemberOtpGenerated)
    assert fact.data.valid_till == asked.valid_till
    assert fact.data.otp.encode() not in repr(asked).encode()
    return fact.data.otp


def other(digits: str) -> str:
    return f"{(int(digits) + 1) % NUMBERS:06}"


def verify(shop: Shop, digits: str) -> tuple[bool, int]:
    checked: OtpChecked = shop.do(VerifyOtp(member_id=ADA, otp=digits))
    return checked.verified, checked.tries_left


def refused(shop: Shop, digits: str) -> str:
    return shop.refusal(VerifyOtp(member_id=ADA, otp=digits))


def test_a_password_is_right_once() -> None:
    shop = shop_with()
    digits = ask(shop)
    assert verify(shop, digits) == (True, 0)
    assert len(shop.last.blanked) == 1
    assert refused(shop, digits) == "otp.spent"


def test_wrong_tries_are_counted_until_the_password_is_spent() -> None:
    shop = shop_with(tries=3)
    digits = ask(shop)
    assert [verify(shop, other(digits)) for _ in range(3)] == [(False, 2), (False, 1), (False, 0)]
    assert len(shop.last.blanked) == 1
    assert refused(shop, digits) == "otp.spent"


def test_the_last_try_may_be_right() -> None:
    shop = shop_with(tries=2)
    digits = ask(shop)
    assert verify(shop, other(digits)) == (False, 1)
    assert verify(shop, digits) == (True, 0)


def test_at_its_end_a_password_is_gone_and_blanked() -> None:
    shop = shop_with(minutes_valid=5)
    digits = ask(shop)
    shop.now += timedelta(minutes=5) - timedelta(milliseconds=1)
    assert verify(shop, other(digits)) == (False, 4)
    shop.now += timedelta(milliseconds=1)
    assert refused(shop, digits) == "otp.not_in_force"
    assert len(shop.everything.blanked) == 1
    assert shop.settled(ADA).agenda.otp is None


def test_nobody_asked_for_one() -> None:
    assert refused(shop_with(), "000000") == "otp.not_in_force"


def test_a_new_password_takes_the_place_of_the_old() -> None:
    shop = shop_with()
    old = ask(shop)
    new = ask(shop)
    assert len(shop.last.blanked) == 1
    assert old != new
    assert verify(shop, old) == (False, 4)
    assert verify(shop, new) == (True, 0)


def test_who_asks_too_often_waits_until_the_hour_has_passed() -> None:
    shop = shop_with(per_hour=2)
    ask(shop)
    shop.now += timedelta(minutes=30)
    ask(shop)
    assert shop.refusal(RequestOtp(member_id=ADA)) == "otp.too_often"
    shop.now += timedelta(minutes=30)
    ask(shop)
    assert shop.refusal(RequestOtp(member_id=ADA)) == "otp.too_often"
    assert len(shop.settled(ADA).agenda.otp_asked_at) == 2


def test_the_clock_may_stand_still() -> None:
    shop = shop_with(per_hour=2)
    ask(shop)
    digits = ask(shop)
    assert shop.refusal(RequestOtp(member_id=ADA)) == "otp.too_often"
    assert verify(shop, digits) == (True, 0)


def test_the_blocked_prove_nothing() -> None:
    shop = shop_with()
    digits = ask(shop)
    shop.do(UpdateMember(member_id=ADA, status="blocked"))
    assert refused(shop, digits) == "member.blocked"
    assert shop.refusal(RequestOtp(member_id=ADA)) == "member.blocked"


def test_digits_are_kept_as_a_salted_hash() -> None:
    shop = shop_with(per_hour=100)
    seen: Counter[str] = Counter()
    for _ in range(50):
        digits = ask(shop)
        otp = shop.settled(ADA).agenda.otp
        assert otp is not None
        assert digits not in {otp.salt, otp.hash}
        seen[otp.salt] += 1
    assert set(seen.values()) == {1}


@given(st.integers(0, 256**4 - 1), st.integers(0, FAIR_BELOW - 1))
def test_no_digits_are_likelier_than_others(first: int, second: int) -> None:
    shop = shop_with()
    numbers = [first, second]

    def secret(size: int) -> bytes:
        return numbers.pop(0).to_bytes(size, "big") if size == NUMBER_BYTES else bytes(size)

    draft = shop.look()
    draft.secret = secret
    book = draft.book_of(ADA)
    assert book is not None
    assert not isinstance(generate(draft, book), Refused)
    data = draft.changes.facts[-1].data
    assert isinstance(data, MemberOtpGenerated)
    used = first if first < FAIR_BELOW else second
    assert data.otp == f"{used % NUMBERS:06}"
    assert FAIR_BELOW % NUMBERS == 0
