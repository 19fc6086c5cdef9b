from pathlib import Path

import pytest

from stampbook.core.definition import Activity, Computation, Rule
from stampbook.core.rules import effects
from stampbook.core.rules.effects import catalogue
from stampbook.core.rules.evaluate import evaluate
from stampbook.core.rules.valuation import Valuation


def test_each_file_of_the_folder_is_an_effect() -> None:
    folder = Path(effects.__file__).parent
    assert set(catalogue()) == {path.stem for path in folder.glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_an_effect_makes_of_its_example_what_it_says(name: str) -> None:
    example = catalogue()[name].example
    activity = Activity(
        id="a",
        name="A",
        computation=Computation(kind="fixed", points=example.base),
        rules=(Rule(name="r", effect=name, value=example.value),),
    )
    valuation = evaluate(activity, {}, {})
    assert isinstance(valuation, Valuation)
    assert valuation.points == example.points != example.base
