"""Facts are listed as they happened, and their kinds as the catalogue has them."""

from pathlib import Path

import pytest

from stampbook import facts
from stampbook.core.retention import DAY_MS, Retention, cuts
from stampbook.engine.clock import real_ms
from stampbook.store.backend import open_backend
from stampbook.store.retention import go_on
from tests.cli.conftest import Stampbook


def test_every_kind_of_fact_is_listed_with_its_words(stampbook: Stampbook) -> None:
    listed = stampbook("facts", "types").out
    for name, kind in facts.catalogue().items():
        [line] = [line for line in listed.splitlines() if line.split()[:1] == [name]]
        assert kind.sent_when in line
        assert kind.zinrelo is None or kind.zinrelo.event_type in line


@pytest.mark.parametrize(
    ("last", "members"), [("2", ["m-2", "m-3"]), ("20", ["m-1", "m-2", "m-3"])]
)
def test_the_newest_facts_are_listed_oldest_first(
    sandbox: Stampbook, tmp_path: Path, last: str, members: list[str]
) -> None:
    (tmp_path / "members.csv").write_text("member_id\nm-1\nm-2\nm-3\n")
    sandbox("import", "members", str(tmp_path / "members.csv"))
    lines = sandbox("facts", "list", "--last", last).out.splitlines()
    assert [line.split()[:4] for line in lines] == [
        ["2030-01-01T00:00:00Z", "member.enrolled", member, "#1"] for member in members
    ]
    assert sandbox("facts", "list", "--last", "0").out == ""
    assert sandbox("facts", "list", "--type", "points.earned").out == ""


def test_what_is_not_kept_any_more_is_left_out(
    sandbox: Stampbook, tmp_path: Path, sqlite_url: str
) -> None:
    for name in ("m-1", "m-2"):
        (tmp_path / f"{name}.csv").write_text(f"member_id\n{name}\n")
        sandbox("import", "members", str(tmp_path / f"{name}.csv"))
        if name == "m-1":
            backend = open_backend(sqlite_url)
            at_ms = real_ms() + 3 * DAY_MS
            with backend.transaction() as unit:
                [(program,)] = unit.rows("SELECT id FROM program")
                at = cuts(Retention(facts_days=1), at_ms)
                assert go_on(unit, program, at, at_ms=at_ms, limit=9).gone == 1
            backend.close()
    [line] = sandbox("facts", "list").out.splitlines()
    assert line.split()[2] == "m-2"
