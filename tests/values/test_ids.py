"""Ids: those of what a program defines never change."""

from datetime import UTC, datetime

from stampbook.values.ids import ProgramId, id_of_defined

PROGRAM = ProgramId("0190a1b2c3d4e5f601234567")


def test_the_id_of_something_defined_is_what_it_has_always_been() -> None:
    created_at = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    assert id_of_defined(PROGRAM, "campaign:spring", created_at) == "019ca8a03e80efb92fe48821"
