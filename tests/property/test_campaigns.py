"""Campaigns under any interleaving of clock moves and commands, beside a model written apart.

The model lives through every hour of the one member's life: no due work, no memory of ours, no SQL.
"""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.update_member import UpdateMember
from stampbook.core.definition import Campaign, Condition, Definition
from stampbook.core.due import settle
from stampbook.core.refusals import Refused
from stampbook.facts.campaign.entered import CampaignEntered
from stampbook.facts.campaign.exited import CampaignExited
from stampbook.nouns.campaign import Audience
from tests.core.shop import at
from tests.property.harness import Harness

START = at("2026-01-10 00:00")
DAY = timedelta(days=1)
STATES = ("active", "blocked")


def tagged(tag: str) -> Audience:
    return Audience(conditions=(Condition(attribute="member.tags", operator="equals", value=tag),))


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    starts = draw(st.one_of(st.none(), st.none(), st.integers(0, 8)))
    lasts = draw(st.one_of(st.none(), st.none(), st.integers(1, 20)))
    return Campaign(
        id="c",
        name="C",
        entry=tagged("in"),
        exit=draw(st.sampled_from([None, tagged("out")])),
        entry_delay_days=draw(st.integers(0, 3)),
        exit_delay_days=draw(st.integers(0, 3)),
        starts_at=None if starts is None else START + starts * DAY,
        ends_at=None if lasts is None else START + ((starts or 0) + lasts) * DAY,
        again=draw(st.booleans()),
    )


class Act(Struct, frozen=True):
    """What happens `hours` after the act before it."""

    hours: int
    kind: str
    tags: tuple[str, ...] = ()


ACTS = st.lists(
    st.builds(
        Act,
        hours=st.sampled_from([0, 1, 12, 24, 36, 48, 96]),
        kind=st.sampled_from(["active", "sweep", "look", "blocked"]),
        tags=st.sampled_from([("in",), (), ("out",), ("in", "out")]),
    ),
    min_size=3,
    max_size=14,
)


def model(campaign: Campaign, acts: list[Act], end: datetime) -> list[tuple[datetime, str]]:
    """Live through every hour, and say when the member enters and leaves."""
    said: list[tuple[datetime, str]] = []
    tags: tuple[str, ...] = ()
    active, inside, since = True, False, None
    entries, now, left = 0, START, list(acts)
    due = START
    while now <= end:
        changes: list[Act] = []
        while left and due + timedelta(hours=left[0].hours) <= now:
            due += timedelta(hours=left[0].hours)
            changes.append(left.pop(0))
        for change in (None, *(one for one in changes if one.kind in STATES)):
            if change is not None:
                tags, active = change.tags, change.kind == "active"
            over = campaign.ends_at is not None and now >= campaign.ends_at
            begun = campaign.starts_at is None or now >= campaign.starts_at
            meets = active and "in" in tags and not (campaign.exit and "out" in tags)
            leaves = "out" in tags if campaign.exit else not meets
            if inside:
                since = (since or now) if leaves else None
                waited = since is not None and now >= since + campaign.exit_delay_days * DAY
                if over or waited:
                    inside, since = False, None
                    said.append((now, "exited"))
            if not inside:
                may = begun and not over and (campaign.again or not entries)
                since = (since or now) if meets and may else None
                if since is not None and now >= since + campaign.entry_delay_days * DAY:
                    inside, since, entries = True, None, entries + 1
                    said.append((now, "entered"))
        now += timedelta(hours=1)
    return said


@given(campaign=campaigns(), acts=ACTS)
def test_members_enter_and_leave_when_the_model_says(campaign: Campaign, acts: list[Act]) -> None:
    harness = Harness(Definition(name="P", campaigns=(campaign,)), START)
    assert not isinstance(harness.run(EnrollMember(member_id="m")), Refused)
    for act in acts:
        harness.now += timedelta(hours=act.hours)
        if act.kind == "active":
            harness.run(UpdateMember(member_id="m", tags=act.tags, status="active"))
        elif act.kind == "blocked":
            harness.run(UpdateMember(member_id="m", tags=act.tags, status="blocked"))
        elif act.kind == "sweep":
            harness.sweep()
        else:
            harness.settled("m")
    harness.now += 30 * DAY
    draft = harness.look()
    book = draft.book_of("m")
    assert book is not None
    settle(draft, book)
    facts = [*harness.everything.facts, *draft.changes.facts]
    said = [
        (fact.occurred_at, fact.type.removeprefix("campaign."))
        for fact in facts
        if isinstance(fact.data, CampaignEntered | CampaignExited)
    ]
    assert said == model(campaign, acts, harness.now)
    entered = [kind for _, kind in said].count("entered")
    assert campaign.again or entered <= 1
