import sys
import tomllib

import pytest

from stampbook.delivery import destinations
from stampbook.delivery.destinations import DestinationError, choose, known


def test_each_destination_is_called_as_its_extra(request: pytest.FixtureRequest) -> None:
    text = (request.config.rootpath / "pyproject.toml").read_text(encoding="utf-8")
    assert set(known()) <= tomllib.loads(text)["project"]["optional-dependencies"].keys()


def test_no_scheme_belongs_to_two_destinations() -> None:
    schemes = [scheme for name in known() for scheme in choose((name,))]
    assert len(schemes) == len(set(schemes))
    assert not {"http", "https"} & set(schemes)


def test_only_what_was_chosen_is_there() -> None:
    assert choose(()) == {}
    assert set(choose(("nats",))) == {"nats", "nats+tls"}


def test_a_destination_that_is_not_known_is_refused() -> None:
    with pytest.raises(DestinationError, match=r"no destination carrier_pigeon: kafka, nats, "):
        choose(("carrier_pigeon",))


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, f"{destinations.__name__}.nats", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "nats"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(DestinationError, match=r"install stampbook\[nats\]"):
        choose(("nats",))
