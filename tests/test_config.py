"""Settings: one name in the file and in the environment, and nothing unknown."""

import pytest

from stampbook.config import ConfigError, Settings, load


def test_nothing_said_gives_the_defaults() -> None:
    found = load({"PATH": "/bin", "STAMPBOOK_TEST_POSTGRES": "required"})
    assert found.settings == Settings()
    assert set(found.origins.values()) == {"default"}


def test_the_environment_wins_over_the_file() -> None:
    text = '[database]\nurl = "sqlite:///a.db"\n[server]\nport = 81\n'
    found = load({"STAMPBOOK_SERVER_PORT": "82"}, text)
    assert (found.settings.database.url, found.settings.server.port) == ("sqlite:///a.db", 82)
    assert found.origins["database.url"] == "file"
    assert found.origins["server.port"] == "environment"


def test_texts_of_the_environment_become_what_they_say() -> None:
    assert load({"STAMPBOOK_DELIVERY_ALLOW_PRIVATE": "true"}).settings.delivery.allow_private


@pytest.mark.parametrize(
    ("environment", "text", "setting"),
    [
        ({"STAMPBOOK_SEVER_PORT": "1"}, "", "STAMPBOOK_SEVER_PORT"),
        ({"STAMPBOOK_SERVER_PORT": "many"}, "", "server.port"),
        ({"STAMPBOOK_SERVER_PORT": "70000"}, "", "server.port"),
        ({}, "[server]\nprot = 1", "server.prot"),
        ({}, "[sever]\nport = 1", "sever"),
        ({}, "server = 1", "server"),
        ({}, '[server]\nport = "81"', "server.port"),
        ({}, "[server", "the file"),
    ],
)
def test_what_is_wrong_is_named(environment: dict[str, str], text: str, setting: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(environment, text)
    assert error.value.setting == setting
