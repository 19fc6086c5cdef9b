"""UUIDs lead back to the ids that they spell, and nobody else's UUID is taken for one of ours."""

from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampbook.values.uuids import defined_id, id_of, uuid_of

IDS = st.integers(0, 2**96 - 1).map(lambda number: f"{number:024x}")


@given(IDS)
def test_a_uuid_leads_back_to_its_id(id_: str) -> None:
    spelled = uuid_of(id_)
    assert id_of(spelled) == id_
    assert id_of(spelled.upper()) == id_
    read = UUID(spelled)
    assert (str(read), read.version, read.variant) == (spelled, 4, RFC_4122)


@given(IDS, IDS)
def test_two_ids_never_share_a_uuid(one: str, other: str) -> None:
    assert (uuid_of(one) == uuid_of(other)) == (one == other)


@given(st.uuids())
def test_what_is_read_is_what_was_spelled(uuid: UUID) -> None:
    found = id_of(str(uuid))
    assert found is None or uuid_of(found) == str(uuid)


@given(IDS, st.integers(0, 31), st.sampled_from("0123456789abcdef"))
def test_a_changed_digit_is_noticed(id_: str, place: int, digit: str) -> None:
    spelled = uuid_of(id_)
    digits = [index for index, letter in enumerate(spelled) if letter != "-"]
    changed = spelled[: digits[place]] + digit + spelled[digits[place] + 1 :]
    assert id_of(changed) == (id_ if changed == spelled else None)


@pytest.mark.parametrize("text", ["", "made_a_purchase", "0" * 24, "{" + uuid_of("0" * 24) + "}"])
def test_what_is_no_uuid_is_none_of_ours(text: str) -> None:
    assert id_of(text) is None


def test_a_definition_s_things_have_ids_of_their_own() -> None:
    ids = {
        defined_id(program, kind, key)
        for program in ("one", "two")
        for kind in ("activity", "reward", "coupon")
        for key in ("a", "b")
    }
    assert len(ids) == 12
    assert all(id_of(uuid_of(id_)) == id_ for id_ in ids)
