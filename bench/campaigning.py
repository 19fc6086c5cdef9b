"""Campaigning: a campaign looks at all members, beside the bare SELECT that only fetches them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from time import perf_counter

import psycopg

from bench.ground import Ground
from bench.report import Measured, Target, ratio_of
from bench.shop import COUNTRIES, PROGRAM, member_id
from stampbook.core.campaign_history import CampaignHistory
from stampbook.core.definition import Condition, Definition
from stampbook.core.draft import Program
from stampbook.nouns.campaign import Audience, Campaign
from stampbook.nouns.member import Address, Balances, Member
from stampbook.store.backend import Backend, Row, open_backend
from stampbook.store.campaigns import concerned
from stampbook.store.migrate import migrate
from stampbook.store.save import MEMBER
from stampbook.values.ids import MemberId
from stampbook.values.instants import from_ms
from stampbook.values.json import encode_text

MEMBERS, QUICK_MEMBERS = 200_000, 20_000
ROWS_AT_ONCE = 5_000
START = from_ms(1_767_225_600_000)
ENOUGH = Target(least=0.2)
BACK_ENDS = {"sqlite": "SQLite", "postgres": "PostgreSQL"}

AUDIENCE = Audience(
    conditions=(
        Condition(attribute="member.tags", operator="contains_any", value=["vip", "staff"]),
        Condition(attribute="member.address.country", operator="one_of", value=["DE", "AT"]),
        Condition(attribute="member.revenue", operator="at_least", value=100),
        Condition(attribute="member.custom.shoe_size", operator="between", value=[40, 44]),
    )
)
"""Tags, a text, a number and an attribute of the shop's own; some 4 members of 100 are in it."""

CAMPAIGN = Campaign(id="spring", name="Spring", entry=AUDIENCE)
CONTEXT = Program(id=PROGRAM, created_at=START, version=1, definition=Definition(name="Bench"))
HISTORY = CampaignHistory(campaign=CAMPAIGN, created_at=START, changed_at=START, version=1)
BARE = "SELECT id, member_id, body FROM member WHERE program_id = ? ORDER BY id"
SELECTED = 500
"""Members that one evaluation hands on, as the clockwork asks for them."""


def measure(ground: Ground) -> list[Measured]:
    """Measure both back ends; the worse one counts."""
    members = QUICK_MEMBERS if ground.is_quick else MEMBERS
    ratios = {name: _ratio(ground, kind, members) for kind, name in BACK_ENDS.items()}
    each = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
    return [
        Measured(
            name="campaign_vs_sql_ratio",
            value=min(ratios.values()),
            baseline=f"finding whom a campaign concerns among {members:,} members, to the bare "
            f"SELECT that fetches them: {each}",
            target=ENOUGH,
        )
    ]


def _ratio(ground: Ground, kind: str, members: int) -> float:
    expected = sum(map(_is_in, range(1, members + 1)))
    with (
        ground.copy_of(kind, "campaign", partial(_stock, members)) as url,
        closing(open_backend(url)) as backend,
    ):
        _timed(_select, backend)  # what both read is in memory then
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(ground.repetitions):
            found, seconds = _timed(_evaluate, backend)
            assert found == expected, found
            ours.append(1 / seconds)
            selected, seconds = _timed(_select, backend)
            assert selected == members, selected
            theirs.append(1 / seconds)
        return ratio_of(ours, theirs)


def _stock(members: int, url: str) -> None:
    migrate(url)
    with closing(open_backend(url)) as backend:
        rows = _rows(members)
        while some := list(islice(rows, ROWS_AT_ONCE)):
            with backend.transaction() as unit:
                unit.insert("member", MEMBER, some)
    if url.startswith("postgresql:"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")


def _timed(work: Callable[[Backend], int], backend: Backend) -> tuple[int, float]:
    start = perf_counter()
    found = work(backend)
    return found, perf_counter() - start


def _select(backend: Backend) -> int:
    with backend.read() as unit:
        return len(unit.rows(BARE, (PROGRAM,)))


def _evaluate(backend: Backend) -> int:
    count = 0
    after: MemberId | None = None
    while True:
        with backend.read() as unit:
            found = concerned(unit, CONTEXT, HISTORY, START, after=after, limit=SELECTED)
        count, after = count + len(found.member_ids), found.cursor
        if after is None:
            return count


def _is_in(number: int) -> bool:
    return number % 10 == 0 and COUNTRIES[number % 7 % len(COUNTRIES)] in {"DE", "AT"}


def _rows(members: int) -> Iterator[Row]:
    for number in range(1, members + 1):
        member = Member(
            id=MemberId(f"{number:024x}"),
            member_id=member_id(number),
            first_name="Robin",
            last_name=f"Customer {number}",
            email_address=f"customer-{number}@customers.example",
            phone_number=f"+49301{number:07d}",
            address=Address(
                line1=f"{number} Market Street",
                city="Berlin",
                postal_code="10115",
                country=COUNTRIES[number % 7 % len(COUNTRIES)],
            ),
            tags=("newsletter", "vip") if number % 10 == 0 else ("newsletter",),
            preferred_language="de",
            custom_attributes={"favourite_shop": "Mitte", "shoe_size": 42},
            referral_code=f"R{number}",
            referral_url=f"https://shop.example/r/R{number}",
            enrolled_at=START,
            modified_at=START,
            last_activity_at=START,
            number_of_purchases=3,
            revenue=150.5,
            aov=50.17,
            balances=Balances(issued=number % 500, available=number % 500, earned=number % 500),
        )
        yield (
            PROGRAM, member.id, member.member_id, member.email_address, member.status, None,
            member.balances.available, 0, None, 0, "[]", encode_text(member), "{}", "{}",
            member.referral_code, None,
        )  # fmt: skip
