"""One-time passwords: six digits, told once in a fact, kept as a salted hash, tried a few times.

Source: contract section 2, OTP.
"""

import hashlib
import hmac
from datetime import timedelta

from msgspec.structs import replace

from stampbook.core.agenda import OneTimePassword
from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.core.refusals import OTP_NOT_IN_FORCE, OTP_SPENT, OTP_TOO_OFTEN, Refused, refuse
from stampbook.facts.member.otp_generated import MemberOtpGenerated

DIGITS = 6
NUMBERS = 10**DIGITS
NUMBER_BYTES = 4
FAIR_BELOW = 256**NUMBER_BYTES // NUMBERS * NUMBERS
"""Random numbers from here on would make some passwords likelier than others."""
SALT_BYTES = 16
HOUR = timedelta(hours=1)


def _make(draft: Draft) -> str:
    while (number := int.from_bytes(draft.secret(NUMBER_BYTES), "big")) >= FAIR_BELOW:
        pass  # one in thousands
    return f"{number % NUMBERS:0{DIGITS}}"


def _hash(salt: str, digits: str) -> str:
    return hashlib.sha256(f"{salt}:{digits}".encode()).hexdigest()


def generate(draft: Draft, book: Book) -> OneTimePassword | Refused:
    """Make a password in place of the one in force, and tell it by a fact alone."""
    settings = draft.definition.otp
    asked_at = tuple(at for at in book.agenda.otp_asked_at if at > draft.at - HOUR)
    if len(asked_at) >= settings.per_hour:
        return refuse(
            OTP_TOO_OFTEN,
            member_id=book.member.member_id,
            per_hour=settings.per_hour,
            again_at=asked_at[-settings.per_hour] + HOUR,
        )
    _blank(draft, book.agenda.otp)
    digits, salt = _make(draft), draft.secret(SALT_BYTES).hex()
    expires_at = draft.at + timedelta(minutes=settings.minutes_valid)
    draft.fact(
        MemberOtpGenerated,
        book,
        rule_version=draft.version,
        otp=digits,
        minutes_valid=settings.minutes_valid,
        valid_till=expires_at,
    )
    password = OneTimePassword(
        salt=salt,
        hash=_hash(salt, digits),
        expires_at=expires_at,
        fact=draft.changes.facts[-1].id,
    )
    draft.change_agenda(book, otp=password, otp_asked_at=(*asked_at, draft.at))
    return password


def check(draft: Draft, book: Book, digits: str) -> tuple[bool, int] | Refused:
    """Tell whether digits are the password in force, and how often it may still be tried.

    Shapes: a wrong try is counted, so it is no refusal. A password that was right, or was tried
    once too often, is spent.
    """
    password = book.agenda.otp
    member_id = book.member.member_id
    if password is None or password.expires_at <= draft.at:
        return refuse(OTP_NOT_IN_FORCE, member_id=member_id)
    if password.is_spent:
        return refuse(OTP_SPENT, member_id=member_id)
    is_right = hmac.compare_digest(_hash(password.salt, digits), password.hash)
    tries = password.tries + (not is_right)
    left = 0 if is_right else max(0, draft.definition.otp.tries - tries)
    draft.change_agenda(book, otp=replace(password, tries=tries, is_spent=not left))
    if not left:
        _blank(draft, password)
    return is_right, left


def expire(draft: Draft, book: Book) -> None:
    """Forget a password whose time is over."""
    _blank(draft, book.agenda.otp)
    draft.change_agenda(book, otp=None)


def _blank(draft: Draft, password: OneTimePassword | None) -> None:
    if password is not None and not password.is_spent:
        draft.blank(password.fact)
