from stampbook.core.definition import Definition
from stampbook.program.version import definition_hash
from stampbook.values import json
from tests.program.programs import SMALL, changed, definition


def test_the_hash_is_stable_over_storage_and_spelling() -> None:
    first = definition_hash(definition())
    assert len(first) == 64
    stored = json.decode(json.encode(definition()), Definition)
    assert definition_hash(stored) == first
    respelled = changed("threshold = 300", "threshold = 300.0")
    respelled = changed(
        'id = "blue"\nname = "Blue"', '# a comment\nname = "Blue"\nid = "blue"', respelled
    )
    assert definition_hash(definition(respelled)) == first


def test_a_default_that_is_written_out_changes_nothing() -> None:
    said = changed('on = "order"', 'on = "order"\nis_active = true\nqualifies_for_tier = true')
    said = changed('kind = "multiplier_based"', 'kind = "multiplier_based", multiplier = 1.0', said)
    assert definition_hash(definition(said)) == definition_hash(definition())


def test_whatever_is_said_changes_the_hash() -> None:
    for old, new in (
        ("value = 50 }", "value = 51 }"),
        ("value = 50 }", 'value = "50" }'),
        ('name = "Large"', 'name = "Big"'),
        ("threshold = 300", "threshold = 300.5"),
        ("Corner Shop", "Corner shop"),
    ):
        assert definition_hash(definition(changed(old, new))) != definition_hash(definition())


def test_a_release_does_not_change_the_hash_of_a_stored_program() -> None:
    text = SMALL.replace("Corner Shop", "Fixed")
    assert definition_hash(definition(text)) == (
        "3d4d8a3a7929f7104412cb08b1e13f69060e7632a05253b84ce2ae5541b3b706"
    )
