"""Which secrets sign: the old beside the new until the overlap ends, and not a moment longer."""

from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.secrets import HOUR_MS, Secret, in_force, rotated

NOW = 1_777_887_016_250
SECRETS = st.lists(
    st.builds(
        Secret,
        secret=st.text(min_size=1, max_size=3),
        expires_at_ms=st.none() | st.integers(NOW - 2 * HOUR_MS, NOW + 200 * HOUR_MS),
    ),
    max_size=6,
    unique_by=lambda one: one.secret,
).map(tuple)
NEW = st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=2, unique=True)
HOURS = st.integers(0, 168)


def test_a_secret_signs_until_the_very_instant_of_its_end() -> None:
    secrets = (Secret(secret="new"), Secret(secret="old", expires_at_ms=NOW))
    assert in_force(secrets, NOW - 1) == ("new", "old")
    assert in_force(secrets, NOW) == ("new",)


def test_without_an_overlap_only_the_new_one_signs() -> None:
    before = (Secret(secret="old"), Secret(secret="older", expires_at_ms=NOW + HOUR_MS))
    assert rotated(before, ["new"], now_ms=NOW, overlap_hours=0) == (Secret(secret="new"),)


def test_one_that_comes_again_is_there_once_and_for_ever() -> None:
    before = (Secret(secret="b"), Secret(secret="a", expires_at_ms=NOW + HOUR_MS))
    assert rotated(before, ["a"], now_ms=NOW, overlap_hours=1) == (
        Secret(secret="a"),
        Secret(secret="b", expires_at_ms=NOW + HOUR_MS),
    )


@given(SECRETS, NEW, HOURS, st.integers(0, 400 * HOUR_MS))
def test_the_old_sign_beside_the_new_until_the_overlap_ends_and_never_longer_than_before(
    before: tuple[Secret, ...], new: list[str], hours: int, later_ms: int
) -> None:
    after = rotated(before, new, now_ms=NOW, overlap_hours=hours)
    at_ms = NOW + later_ms
    signing = in_force(after, at_ms)
    old = [text for text in in_force(before, at_ms) if text not in new]
    assert signing == (*new, *(old if at_ms < NOW + hours * HOUR_MS else []))
    assert len({one.secret for one in after}) == len(after)
    assert all(one.signs(NOW) for one in after)
