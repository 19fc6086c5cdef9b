"""The catalogue: names agree to the letter, and each fact says what the reference needs."""

import inspect
from pathlib import Path

import pytest

from stampbook import facts
from stampbook.facts import FactData, FactType
from stampbook.values.json import decode, encode

CATALOGUE = facts.catalogue()
FOLDER = Path(facts.__file__).parent


@pytest.fixture(params=CATALOGUE)
def kind(request: pytest.FixtureRequest) -> FactType:
    return CATALOGUE[request.param]


def test_every_file_in_a_noun_s_folder_is_a_fact() -> None:
    paths = {
        f"{path.parent.name}.{path.stem}"
        for path in FOLDER.glob("*/*.py")
        if path.name != "__init__.py"
    }
    assert set(CATALOGUE) == paths


def test_path_name_and_class_agree(kind: FactType) -> None:
    words = kind.name.replace(".", "_").split("_")
    assert kind.data.__name__ == "".join(word.capitalize() for word in words)
    assert facts.type_of(kind.data) == kind.name


def test_it_says_what_it_is(kind: FactType) -> None:
    module = inspect.getmodule(kind.data)
    assert module is not None
    assert module.__doc__
    assert kind.data.__doc__
    assert kind.data.__doc__ != FactData.__doc__
    assert kind.sent_when.endswith(".")


def test_its_example_survives_the_store(kind: FactType) -> None:
    example = kind.example()
    assert type(example) is kind.data
    assert decode(encode(example), kind.data) == example


def test_a_zinrelo_word_belongs_to_one_fact() -> None:
    words = [kind.zinrelo.event_type for kind in CATALOGUE.values() if kind.zinrelo]
    assert len(words) == len(set(words))
