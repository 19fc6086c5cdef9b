"""JSON: a record that was spelt before is the same text wherever it stands."""

from msgspec.structs import replace

from stampbook import facts
from stampbook.commands.award_points import PointsAwarded
from stampbook.nouns.examples import EXAMPLE_AWARD, EXAMPLE_MEMBER
from stampbook.values.json import Spellings, encode, encode_text


def test_documents_are_spelt_as_if_each_were_alone() -> None:
    spellings = Spellings()
    for kind in facts.catalogue().values():
        fact = kind.example()
        for _ in range(2):
            assert spellings.whole(fact) == encode(fact)


def test_a_record_is_spelt_as_text_as_if_it_were_alone() -> None:
    spellings = Spellings()
    for record in (EXAMPLE_MEMBER, EXAMPLE_AWARD, EXAMPLE_MEMBER):
        assert spellings.text(record) == encode_text(record)


def test_a_reply_takes_the_records_of_a_fact() -> None:
    spellings = Spellings()
    reply = PointsAwarded(transaction=EXAMPLE_AWARD, member=EXAMPLE_MEMBER)
    whole = spellings.whole(reply)
    assert whole == encode(reply)
    assert spellings.of(EXAMPLE_MEMBER) in whole
    assert spellings.of(EXAMPLE_AWARD) is spellings.of(EXAMPLE_AWARD)


def test_a_changed_record_is_spelt_anew() -> None:
    spellings = Spellings()
    before = spellings.text(EXAMPLE_MEMBER)
    changed = replace(EXAMPLE_MEMBER, first_name="Zoe")
    assert spellings.text(changed) == encode_text(changed) != before
    assert spellings.text(EXAMPLE_MEMBER) == before
