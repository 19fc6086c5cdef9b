"""A fact is asked for by its name or a vendor's, and what is done for it can be chosen."""

import pytest
from msgspec.structs import replace

from stampbook.cli.main import main
from stampbook.dialects import example_of
from stampbook.facts import catalogue as facts
from stampbook.remote.server import RefusedError, Server, UnreachableError
from stampbook.triggers import catalogue
from stampbook.triggers.naming import facts_named, is_called, known_names
from stampbook.triggers.perform import stage_on
from stampbook.triggers.stage import ImpossibleError, Tools
from stampbook.values.ids import FactId
from tests.triggers.conftest import Found
from tests.triggers.playing import NOTHING, play

TOOLS = Tools(word=lambda: "word", sleep=lambda _: None, tell=lambda _: None)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("points.earned", "points.earned"),
        ("event_points_earned", "points.earned"),
        ("walletreward_create", "points.earned"),
        ("wallettrasaction_update", "points.rejected"),
        ("viptier_create", "tier.upgraded"),
        ("lead_create", "member.enrolled"),
    ],
)
def test_a_name_stands_for_the_fact_that_is_easiest_to_make(name: str, first: str) -> None:
    assert facts_named(name)[0] == first


def test_every_word_of_every_vendor_stands_for_a_fact() -> None:
    assert len(known_names()) > 70
    assert all(facts_named(name) for name in known_names())
    assert facts_named("event_of_nobody") == []


@pytest.mark.parametrize("was_pending", [True, False])
def test_what_a_fact_is_called_may_depend_on_what_happened(was_pending: bool) -> None:  # noqa: FBT001
    kind = facts()["points.earned"]
    data = replace(kind.example(), was_pending=was_pending)
    fact = example_of(replace(kind, example=lambda: data), FactId("f" * 24))
    assert is_called("wallettrasaction_update", fact) == was_pending
    assert is_called("walletreward_create", fact) != was_pending
    assert is_called("points.earned", fact)


def test_a_member_and_what_they_do_may_be_chosen(found: Found) -> None:
    api = found("apparel.toml")
    chosen = {
        "member_id": "anna",
        "email_address": "anna@shop.example",
        "tags": "staff, press",
        "points": "77",
        "activity_id": "welcome_back",
    }
    [earned] = [one for one in play(api, "points.earned", chosen) if one.about == "anna"][-1:]
    member = api.call("GET", "/v1/members/anna")
    assert (member["email_address"], member["tags"]) == ("anna@shop.example", ["staff", "press"])
    facts_of = api.call("GET", "/v1/facts?type=points.earned")["items"]
    [fact] = [fact for fact in facts_of if fact["id"] == earned.id]
    assert fact["data"]["transaction"]["points"] in {77, 100}  # joining earns too

    steps: list[str] = []
    play(api, "member.updated", {"member_id": "anna"}, steps=steps)
    assert steps[0] == "took anna, who is a member"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"points": "many"}, "is no number"),
        ({"points": "0"}, "is no number"),
        ({"activity_id": "sleeping"}, "no activity sleeping"),
        ({"reward_id": "gold"}, "has no reward_id to override"),
    ],
)
def test_what_cannot_be_chosen_is_said(found: Found, chosen: dict[str, str], said: str) -> None:
    with pytest.raises(ImpossibleError, match=said):
        play(found("apparel.toml"), "points.earned", chosen)


def test_a_program_on_real_time_is_left_alone(found: Found) -> None:
    api = found(NOTHING, test_clock_ms=None)
    with pytest.raises(ImpossibleError, match="lives on real time"):
        stage_on(api, {}, TOOLS)
    assert api.call("GET", "/v1/members")["items"] == []
    assert stage_on(api, {}, TOOLS, really=True).is_sandbox is False


def test_a_command_triggers_by_a_vendors_name(
    found: Found, capsys: pytest.CaptureFixture[str]
) -> None:
    api = found("apparel.toml")
    assert run(api, "trigger", "wallettrasaction_update") == 0
    said = capsys.readouterr().out
    assert "is sent for points.earned, points.rejected" in said
    assert "- enrolled trigger-" in said
    assert said.splitlines()[-1].startswith("points.rejected  ")


def test_a_command_says_what_to_add(found: Found, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(found(NOTHING), "trigger", "winback.offered") == 1
    said = capsys.readouterr().err
    assert "[winback]" in said
    real = found(NOTHING, test_clock_ms=None)
    assert run(real, "trigger", "member.enrolled") == 1
    assert "--really" in capsys.readouterr().err
    assert run(real, "trigger", "winback.offered", "--really") == 1
    assert "nobody moves real time" in capsys.readouterr().err
    assert run(real, "trigger", "member.enrolled", "--really") == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "See which there are"),
        (["points.earnd"], "Did you mean points.earned?"),
        (["points.earned", "--override", "points"], "is no pair"),
        (["points.earned", "--override", "pints=3"], "no pints to override"),
    ],
)
def test_a_command_that_is_misspelt_is_told(
    found: Found, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(found(NOTHING), "trigger", *arguments) == 1
    assert said in capsys.readouterr().err


def test_a_command_lists_what_it_would_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trigger", "--list"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in catalogue())
    assert "event_points_earned" in said


def test_a_command_needs_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trigger", "points.earned"]) == 1
    assert "STAMPBOOK_API_KEY" in capsys.readouterr().err


def test_the_api_speaks_in_problems_or_not_at_all(found: Found) -> None:
    api = found(NOTHING)
    with pytest.raises(RefusedError) as caught:
        api.call("GET", "/v1/members/nobody")
    assert (caught.value.said.code, caught.value.may_pass) == ("member.not_found", False)
    with pytest.raises(UnreachableError, match="not one of Stampbook's"):
        api.call("GET", "/docs")
    with pytest.raises(UnreachableError, match="nobody answers there"):
        Server("http://127.0.0.1:9", "key", user_agent="test").call("GET", "/v1/clock")


def run(api: Server, *arguments: str) -> int:
    return main([*arguments, "--api-url", api.url, "--api-key", api._key])
