"""Every kind of fact is made to happen, or it is said why it cannot be and what to add."""

import pytest

from stampbook import facts
from stampbook.remote.server import Server
from stampbook.triggers import catalogue
from stampbook.triggers.perform import Happened
from stampbook.triggers.stage import ImpossibleError
from tests.triggers.conftest import Found
from tests.triggers.playing import NOTHING, play

ADDITIONS_MAX = 4
CANNOT = {"endpoint.warned", "endpoint.disabled"}
"""In any program."""
NOT_IN = {
    "apparel.toml": {"review.requested"},
    "cdnow.toml": set[str](),
}
"""What the definitions of the examples leave out."""
ALWAYS = {
    "coupon.issued",
    "coupon.updated",
    "endpoint.degraded",
    "endpoint.recovered",
    "endpoint.suspended",
    "member.deleted",
    "member.enrolled",
    "member.otp_generated",
    "member.updated",
    "order.recorded",
    "order.updated",
    "review.submitted",
    "review.updated",
}
"""In a program that defines nothing."""


def stored(api: Server, one: Happened) -> bool:
    """Tell whether the program's feed has a fact."""
    after = ""
    while True:
        page = api.call("GET", f"/v1/facts?limit=200&type={one.type}{after}")
        if one.id in {fact["id"] for fact in page["items"]}:
            return True
        if not page["has_more"]:
            return False
        after = f"&after={page['next']}"


def test_there_is_a_recipe_for_each_fact() -> None:
    assert catalogue().keys() == facts.catalogue().keys()


@pytest.mark.parametrize("name", catalogue())
def test_a_recipe_says_what_it_does(name: str) -> None:
    recipe = catalogue()[name]
    assert recipe.name == name
    assert recipe.does
    assert recipe.moves_clock == any("moves the clock" in step for step in recipe.does) or (
        name.startswith("campaign.")  # only if it must
    )


CASES = [
    (name, example)
    for name in catalogue()
    for example in NOT_IN
    if example == "apparel.toml" or not name.startswith("endpoint.")  # the same in any program
]


@pytest.mark.parametrize(("name", "example"), CASES)
def test_a_fact_happens_in_a_sandbox(found: Found, name: str, example: str) -> None:
    api = found(example)
    if name in CANNOT | NOT_IN[example]:
        with pytest.raises(ImpossibleError) as caught:
            play(api, name)
        assert caught.value.remedy
        return
    steps: list[str] = []
    happened = play(api, name, steps=steps)
    assert happened, steps
    assert {one.type for one in happened} == {name}
    assert all(stored(api, one) for one in happened)
    assert api.call("GET", "/v1/endpoints")["items"] == []


@pytest.mark.parametrize("name", sorted(catalogue().keys() - ALWAYS))
def test_what_a_definition_makes_impossible_is_said(found: Found, name: str) -> None:
    """What is to be added makes it possible."""
    text = NOTHING
    for _ in range(ADDITIONS_MAX):
        api = found(text)
        try:
            assert play(api, name)
        except ImpossibleError as error:
            assert api.call("GET", "/v1/endpoints")["items"] == []
            if name in CANNOT:
                return
            text += error.remedy[error.remedy.index("\n[") :] + "\n"
        else:
            assert text != NOTHING
            return
    pytest.fail(text)
