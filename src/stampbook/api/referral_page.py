"""The page behind a referral link: a friend leaves an e-mail address and gets a coupon.

It needs no key, no script and no network but ours. Source: contract section 2, referrals.
"""

import asyncio
import time
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from stampbook.api.desk import Parts
from stampbook.api.exchange import NO_SNIFF, NO_STORE, Exchange, Header, Reply
from stampbook.api.present import Present
from stampbook.api.problem import ENGINE_UNAVAILABLE, ProblemError
from stampbook.api.throttle import Throttle
from stampbook.commands.claim_referral import ClaimReferral, ReferralClaimed
from stampbook.core.refusals import (
    REFERRAL_CLAIMS_LIMIT_REACHED,
    REFERRAL_EMAIL_DISPOSABLE,
    REFERRAL_FRIEND_IS_CUSTOMER,
    REFERRAL_FRIEND_TAKEN,
    REFERRAL_OWN_LINK,
)
from stampbook.engine.queue import QueueFullError
from stampbook.engine.submission import Done, Outcome, Rejected, Submission
from stampbook.nouns.coupon import Coupon
from stampbook.store.backend import StoreError
from stampbook.store.reading.referrals import programs_of_code
from stampbook.values.ids import ProgramId
from stampbook.values.json import decode

PROGRAMS_MAX = 100
"""Units: programs that are asked for a code when the link names none."""
CODE_LENGTH_MAX = 128
BODY_BYTES_MAX = 4096
FIELDS_MAX = 8
CLAIMS_PER_MINUTE = 30
"""By one link, in one process."""
MINUTE_SECONDS = 60.0
PRINCIPAL = "referral-page"

CSP = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
PAGE_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", CSP.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex"),
    NO_STORE,
    NO_SNIFF,
)
STYLE_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/css; charset=utf-8"),
    (b"cache-control", b"public, max-age=300"),
    NO_SNIFF,
)

SAID = {
    REFERRAL_OWN_LINK.code: "This is your own invitation. Share it with somebody else.",
    REFERRAL_FRIEND_IS_CUSTOMER.code: "This invitation is for people who are new here.",
    REFERRAL_FRIEND_TAKEN.code: "This e-mail address has been invited before.",
    REFERRAL_EMAIL_DISPOSABLE.code: "Please give an e-mail address that you keep.",
    REFERRAL_CLAIMS_LIMIT_REACHED.code: "Too many people used this invitation today.",
}
"""What a visitor is told; they are not told what only the program is concerned with."""
CLOSED = "This invitation does not work any more."
WRONG_EMAIL = "Please give a valid e-mail address."
BUSY = "We are busy. Please try again in a minute."


class Invitation(Struct, frozen=True, kw_only=True):
    """What the page says: of which program, to whom, and what came of it."""

    code: str
    program_name: str = ""
    website: str = ""
    offer: str | None = None
    email_address: str = ""
    name: str = ""
    problem: str | None = None
    coupon: Coupon | None = None
    is_claimed: bool = False
    is_open: bool = True


class ReferralPage:
    """Shows the page of a link, and takes the claim that is posted on it.

    Shapes: the path names the code, and before it the program where there are several.
    """

    __slots__ = ("_parts", "_throttle")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._throttle = Throttle(CLAIMS_PER_MINUTE, MINUTE_SECONDS, time.monotonic)

    async def show(self, exchange: Exchange) -> Reply:
        """Show the form."""
        found = await asyncio.to_thread(self._find, exchange.path)
        return _closed(exchange) if found is None else _page(200, found[1])

    async def claim(self, exchange: Exchange) -> Reply:
        """Take a claim, and show the coupon or why there is none."""
        found = await asyncio.to_thread(self._find, exchange.path)
        if found is None:
            return _closed(exchange)
        program_id, invitation = found
        said = _fields(await exchange.body(BODY_BYTES_MAX))
        filled = msgspec.structs.replace(
            invitation, email_address=said.get("email_address", ""), name=said.get("name", "")
        )
        if not self._throttle.allows(f"{program_id}/{invitation.code}"):
            return _again(429, filled, BUSY)
        try:
            command = msgspec.convert(
                {
                    "referral_code": filled.code,
                    "email_address": filled.email_address,
                    "name": filled.name or None,
                },
                ClaimReferral,
            )
        except msgspec.ValidationError:
            return _again(422, filled, WRONG_EMAIL)
        submission = Submission(
            program_id=program_id, command=command, principal=PRINCIPAL, cause=exchange.request_id
        )
        try:
            return _reply(filled, await self._parts.engine.ask(submission))
        except QueueFullError:
            return _again(503, filled, BUSY)

    def _find(self, path: Mapping[str, str]) -> tuple[ProgramId, Invitation] | None:
        """Give whose link it is; None when nobody's, or when it could be that of several."""
        code, program = path["code"], path.get("program")
        if len(code) > CODE_LENGTH_MAX or "\0" in code + (program or ""):
            return None
        try:
            with self._parts.backend.read() as unit:
                found = programs_of_code(unit, code, program_id=program, programs_max=PROGRAMS_MAX)
                if len(found) != 1:
                    return None
                definition = Present(self._parts.engine, unit, found[0]).program.definition
        except StoreError as error:
            raise ProblemError(ENGINE_UNAVAILABLE) from error
        if not definition.referrals.is_active:
            return None
        offer = definition.coupon_by_id.get(definition.referrals.friend_coupon or "")
        return found[0], Invitation(
            code=code,
            program_name=definition.name,
            website=definition.website,
            offer=offer.name if offer else None,
        )


def _fields(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=FIELDS_MAX, errors="strict"))
    except ValueError:  # no text, or more fields than the form has
        return {}


def _reply(invitation: Invitation, outcome: Outcome) -> Reply:
    match outcome:
        case Done(result=result):
            coupon = decode(bytes(result), ReferralClaimed).coupon
            claimed = msgspec.structs.replace(invitation, coupon=coupon, is_claimed=True)
            return _page(200, claimed)
        case Rejected(refused=refused):
            return _again(409, invitation, SAID.get(refused.code, CLOSED))
        case _:
            return _again(503, invitation, BUSY)


def _again(status: int, invitation: Invitation, problem: str) -> Reply:
    return _page(status, msgspec.structs.replace(invitation, problem=problem))


def _closed(exchange: Exchange) -> Reply:
    closed = Invitation(code=exchange.path["code"], problem=CLOSED, is_open=False)
    return _page(404, closed)


def _page(status: int, invitation: Invitation) -> Reply:
    link = invitation.coupon.link if invitation.coupon else None
    text = (
        _templates()
        .get_template("referral.html")
        .render(invitation=invitation, link=_web(link), website=_web(invitation.website))
    )
    return Reply(status, text.encode(), PAGE_HEADERS)


def _web(link: str | None) -> str | None:
    """Give a link that leads to a web page; any other is not shown."""
    return link if link and link.startswith(("https://", "http://")) else None


async def style(exchange: Exchange) -> Reply:
    """Give the page's style."""
    del exchange
    source, *_ = PackageLoader("stampbook.api").get_source(_templates(), "referral.css")
    return Reply(200, source.encode(), STYLE_HEADERS)


@cache
def _templates() -> Environment:
    settings: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True}
    return Environment(
        loader=PackageLoader("stampbook.api"),
        autoescape=True,
        undefined=StrictUndefined,
        **settings,
    )
