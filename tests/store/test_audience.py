"""Audiences in SQL decide what the conditions decide, on both back ends, or leave it to them."""

from collections.abc import Generator
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stampbook.core.agenda import Agenda, Participation
from stampbook.core.book import Book
from stampbook.core.campaign_history import CampaignHistory
from stampbook.core.counters import Counters
from stampbook.core.definition import Campaign, Condition, Definition, Level, Tiers
from stampbook.core.draft import Program
from stampbook.core.participation import next_step
from stampbook.core.rules import conditions as operators
from stampbook.core.rules.attributes import MEMBER_FIELDS
from stampbook.core.rules.audience import compiled_audience
from stampbook.nouns.campaign import Audience
from stampbook.nouns.member import Address, Balances, Member, TierStanding
from stampbook.program.checks.campaigns import audience_flaws
from stampbook.store.audience.compile import Reading
from stampbook.store.audience.spelling import spelling_of
from stampbook.store.backend import Backend, Unit, open_backend
from stampbook.store.campaigns import ACTIVE, MEMBER_COLUMNS, concerned, count_audience
from stampbook.store.save import MEMBER
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.instants import from_ms
from stampbook.values.json import encode_text
from tests.core.rules.strategies import FOUND, LISTS, NUMBERS, SCALARS, VALUES

PROGRAM = ProgramId("p")
START = from_ms(1_893_456_000_000)  # 1 January 2030
DAY = timedelta(days=1)
DEFINITION = Definition(
    name="Shop",
    tiers=Tiers(
        levels=(
            Level(id="shoes", name="Shoes", threshold=0),
            Level(id="hat", name="Hat", threshold=9),
        )
    ),
)
CONTEXT = Program(id=PROGRAM, created_at=START, version=1, definition=DEFINITION)

SAMPLES = st.sampled_from(
    ["", " ", "shoes", "Shoes ", "SALE", "Straße", "STRASSE", "\u017fale", "\u212a", "12.5", "x"]
)
TEXTS = st.one_of(SAMPLES, st.text(max_size=4))
LINES = st.one_of(SAMPLES, st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=4))
OPTIONAL = st.one_of(st.none(), LINES)
INSTANTS = st.sampled_from([START, START + timedelta(milliseconds=1), START - timedelta(seconds=1)])
DAYS = st.sampled_from([date(2029, 12, 31), date(2030, 1, 1), date(2030, 6, 1)])
MOMENTS = st.sampled_from(
    [
        "2029-12-31", "2030-01-01", "2030-01-01T00:00:00Z", "2030-01-01T00:00:00.001Z",
        "2030-01-01T01:00:00+01:00", "2030-06-01T12:00:00Z", "0001-01-01T00:00:00+01:00",
    ]
)  # fmt: skip
ANYTHING = st.one_of(
    FOUND, TEXTS, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(),
    st.just({"a": 1}), MOMENTS,
)  # fmt: skip
KEYS = st.sampled_from(["club", "a.b", "1", 'a"b', "ä", "$x", "[0]"])
FINITE = st.floats(0, 1e9, allow_nan=False).map(lambda number: round(number, 2))


@st.composite
def members(draw: st.DrawFn) -> Member:
    earned = draw(st.integers(0, 200))
    tier = draw(st.sampled_from([None, "hat", "Shoes"]))
    return Member(
        id=MemberId(""),
        member_id=draw(st.sampled_from(["shoes", "12.5", "X-1", "ä"])),
        email_address=draw(OPTIONAL),
        phone_number=draw(OPTIONAL),
        address=Address(city=draw(OPTIONAL), country=draw(OPTIONAL)),
        tags=tuple(draw(st.lists(LINES, max_size=3))),
        birthdate=draw(st.one_of(st.none(), DAYS)),
        custom_attributes=draw(st.dictionaries(KEYS, ANYTHING, max_size=3)),
        referral_code="x",
        referral_url="",
        enrolled_at=draw(INSTANTS),
        modified_at=START,
        last_activity_at=START,
        first_purchase_at=draw(st.one_of(st.none(), INSTANTS)),
        number_of_purchases=draw(st.integers(0, 60)),
        revenue=draw(FINITE),
        aov=draw(FINITE),
        balances=Balances(available=draw(st.integers(-5, 200)), earned=earned),
        tier=TierStanding(tier_id=tier, name="", period_start=START) if tier else None,
    )


PATHS = st.sampled_from([f"member.{name}" for name in MEMBER_FIELDS if name != "status"])
CUSTOM_PATHS = KEYS.map(lambda key: f"member.custom.{key}")


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    operator = draw(st.sampled_from(sorted(VALUES)))
    value = draw(
        st.one_of(VALUES[operator], TEXTS, NUMBERS, SCALARS, LISTS, MOMENTS, st.none())
        if operator not in {"is_set", "is_not_set"}
        else st.none()
    )
    return Condition(attribute=draw(st.one_of(PATHS, CUSTOM_PATHS)), operator=operator, value=value)


def is_fit(condition: Condition) -> bool:
    kind = operators.catalogue()[condition.operator]
    return kind.operand.read(condition.value) is not None


def audiences() -> st.SearchStrategy[Audience]:
    some = st.lists(conditions().filter(is_fit), min_size=1, max_size=4).map(tuple)
    return st.builds(Audience, match=st.sampled_from(["all", "any"]), conditions=some)


class Undone(Exception):  # noqa: N818 - it undoes what an example wrote
    pass


def insert(unit: Unit, people: list[Member]) -> None:
    """Store members as the engine stores them."""
    rows = [
        (
            PROGRAM, f"{number:024x}", str(number), None, one.status,
            one.tier.tier_id if one.tier else None, one.balances.available, 0, None, 0,
            "[]", encode_text(one), "{}", "{}", f"{number}", None,
        )
        for number, one in enumerate(people)
    ]  # fmt: skip
    unit.insert("member", MEMBER, rows)


def judge(unit: Unit, audience: Audience) -> list[bool | None]:
    """What SQL says of each member; None is what it leaves to Python."""
    reading = Reading(spelling_of(unit.dialect), "shoes")
    judged = reading.judged(audience)
    rows = reading.rows("", ACTIVE)
    found = unit.rows(
        f"SELECT id, ({judged.sql}) FROM {rows.sql} ORDER BY id",
        (*judged.values, *rows.values, PROGRAM, "", "f" * 24),
    )
    return [None if verdict is None else bool(verdict) for _, verdict in found]


@pytest.fixture
def backend(database_url: str) -> Generator[Backend]:
    opened = open_backend(database_url)
    yield opened
    opened.close()


def compare(backend: Backend, people: list[Member], audience: Audience) -> list[bool | None]:
    wanted = [compiled_audience(audience).holds(one, "shoes") for one in people]
    said: list[bool | None] = []
    count = 0
    with suppress(Undone), backend.transaction() as unit:
        insert(unit, people)
        said = judge(unit, audience)
        count = count_audience(unit, CONTEXT, audience)
        raise Undone
    for verdict, truth, one in zip(said, wanted, people, strict=True):
        assert verdict in {None, truth}, (audience, one)
    assert count == sum(wanted)
    return said


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(people=st.lists(members(), min_size=1, max_size=6), audience=audiences())
def test_sql_says_what_the_conditions_say(
    backend: Backend, people: list[Member], audience: Audience
) -> None:
    compare(backend, [with_key(one, n) for n, one in enumerate(people)], audience)


def with_key(member: Member, number: int) -> Member:
    return replace(member, member_id=str(number))


def plain(**fields: Any) -> Member:
    given: dict[str, Any] = {
        "id": MemberId(""), "member_id": "0", "referral_code": "", "referral_url": "",
        "enrolled_at": START, "modified_at": START, "last_activity_at": START,
    }  # fmt: skip
    return Member(**{**given, **fields})


PLAIN = [
    plain(
        tags=("Sale", "new"),
        address=Address(country="de"),
        custom_attributes={"club": "Gold", "size": 42, "is_staff": True},
        birthdate=date(1990, 5, 17),
        revenue=99.5,
        balances=Balances(available=70, earned=90),
    ),
    plain(enrolled_at=START + timedelta(days=9)),
]


@pytest.mark.parametrize(
    ("path", "operator", "value"),
    [
        ("member.tags", "contains_any", ["sale", "old"]),
        ("member.tags", "contains_all", ["new", "SALE"]),
        ("member.tags", "contains_none", ["gift"]),
        ("member.tags", "is_not_set", None),
        ("member.tier", "one_of", ["shoes"]),
        ("member.address.country", "equals", "DE"),
        ("member.address.country", "starts_with", "d"),
        ("member.available_points", "at_least", 70),
        ("member.revenue", "between", [10, 99.5]),
        ("member.earned_points", "less_than", 90),
        ("member.birthdate", "less_than", "2000-01-01"),
        ("member.enrolled_at", "at_least", "2030-01-05"),
        ("member.custom.club", "not_equals", "gold"),
        ("member.custom.club", "ends_with", "LD"),
        ("member.custom.size", "greater_than", 41.5),
        ("member.custom.is_staff", "equals", True),
        ("member.custom.gone", "is_set", None),
    ],
)
def test_sql_alone_tells_of_ordinary_members(
    backend: Backend, path: str, operator: str, value: Any
) -> None:
    condition = Condition(attribute=path, operator=operator, value=value)
    assert not list(audience_flaws(Audience(conditions=(condition,)), (), DEFINITION))
    people = [with_key(one, n) for n, one in enumerate(PLAIN)]
    said = compare(backend, people, Audience(conditions=(condition,)))
    assert None not in said


@pytest.mark.parametrize(
    ("operator", "value"),
    [("equals", "a\0b"), ("starts_with", "\0"), ("one_of", ["a\0b", "de"]), ("not_equals", "\0")],
)
@pytest.mark.parametrize(
    "attribute", ["member.tags", "member.address.country", "member.custom.club"]
)
def test_what_no_database_holds_is_left_to_python(
    backend: Backend, attribute: str, operator: str, value: Any
) -> None:
    condition = Condition(attribute=attribute, operator=operator, value=value)
    assert is_fit(condition)
    compare(backend, PLAIN[:1], Audience(conditions=(condition,)))


def test_no_operator_is_left_to_python_alone(backend: Backend) -> None:
    people = [with_key(one, n) for n, one in enumerate(PLAIN)]
    for operator, kind in operators.catalogue().items():
        path = "member.tags" if kind.whole else "member.custom.club"
        value = kind.example.value
        condition = Condition(attribute=path, operator=operator, value=value)
        assert None not in compare(backend, people, Audience(conditions=(condition,))), operator


STANDINGS = st.one_of(
    st.none(),
    st.builds(
        Participation,
        state=st.sampled_from(["entering", "inside", "leaving", "outside"]),
        due_at=st.just(START + timedelta(days=90)),
        entries=st.integers(1, 2),
    ),
)
ENDS = st.sampled_from([None, START - DAY, START + DAY, START + 9 * DAY])


def campaigns() -> st.SearchStrategy[Campaign]:
    return st.builds(
        Campaign,
        id=st.just("c"),
        name=st.just("C"),
        entry=audiences(),
        exit=st.one_of(st.none(), audiences()),
        starts_at=ENDS,
        ends_at=ENDS,
        entry_delay_days=st.integers(0, 1),
        again=st.booleans(),
        is_active=st.sampled_from([True, True, True, False]),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    people=st.lists(st.tuples(members(), STANDINGS), min_size=1, max_size=5),
    campaign=campaigns(),
    days=st.integers(0, 12),
)
def test_whoever_has_a_step_to_take_is_found(
    backend: Backend,
    people: list[tuple[Member, Participation | None]],
    campaign: Campaign,
    days: int,
) -> None:
    history = CampaignHistory(campaign=campaign, created_at=START, changed_at=START, version=1)
    program = replace(CONTEXT, campaigns={"c": history})
    now = START + days * DAY
    keyed = [with_key(one, number) for number, (one, _) in enumerate(people)]
    due: set[str] = set()
    for one, (_, standing) in zip(keyed, people, strict=True):
        agenda = Agenda(campaigns={"c": standing} if standing else {})
        step = next_step(Book(one, Counters(), agenda), program)
        if step is not None and step.at <= now:
            due.add(one.member_id)
    rows = [
        (PROGRAM, "c", f"{number:024x}", standing.state, standing.entries)
        for number, (_, standing) in enumerate(people)
        if standing is not None
    ]
    found: set[str] = set()
    with suppress(Undone), backend.transaction() as unit:
        insert(unit, keyed)
        unit.insert("campaign_member", MEMBER_COLUMNS, rows)
        after = None
        while True:
            some = concerned(unit, program, history, now, after=after, limit=2)
            found.update(some.member_ids)
            after = some.cursor
            if after is None:
                break
        raise Undone
    assert due <= found
