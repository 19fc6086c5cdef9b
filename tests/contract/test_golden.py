"""What each dialect sends for each fact's example stands in a file, reviewed as a diff.

STAMPBOOK_REWRITE_GOLDEN=1 writes the files anew.
"""

import os
from pathlib import Path

import msgspec
import pytest

from stampbook import dialects, facts
from stampbook.dialects import example_of
from stampbook.nouns.examples import EXAMPLE_BUSINESS
from stampbook.values.ids import FactId, RequestId

GOLDEN = Path(__file__).parent / "golden"
REWRITE = os.environ.get("STAMPBOOK_REWRITE_GOLDEN") == "1"
FACT = FactId("019df2a1c0de4a0000000100")
REQUEST = RequestId("019df2a1c0de4a0000000090")

CASES = [
    (dialect.name, fact.name)
    for dialect in dialects.catalogue().values()
    for fact in facts.catalogue().values()
    if dialect.event_types(fact)
]


@pytest.mark.parametrize(("dialect", "fact"), CASES)
def test_a_dialect_sends_what_its_golden_file_says(dialect: str, fact: str) -> None:
    stored = example_of(facts.catalogue()[fact], FACT)
    letter = dialects.catalogue()[dialect].render([stored], REQUEST, EXAMPLE_BUSINESS)
    sent = msgspec.json.format(letter.body, indent=2).decode() + "\n"
    golden = GOLDEN / dialect / f"{fact}.json"
    if REWRITE:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(sent)
    assert golden.read_text() == sent


def test_no_golden_file_is_left_of_what_is_not_sent_any_more() -> None:
    kept = {(file.parent.name, file.stem) for file in GOLDEN.glob("*/*.json")}
    assert kept == set(CASES)
