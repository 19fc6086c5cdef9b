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


def test_a_list_is_an_array_in_the_file_and_separated_by_spaces_in_the_environment() -> None:
    text = '[delivery]\nallow_subnets = ["10.1.2.0/24", "fd12::/16"]\n'
    written = load({}, text).settings.delivery
    said = load({"STAMPBOOK_DELIVERY_ALLOW_SUBNETS": "10.1.2.0/24  fd12::/16"}).settings.delivery
    assert written.allow_subnets == said.allow_subnets == ("10.1.2.0/24", "fd12::/16")
    assert load({"STAMPBOOK_DELIVERY_ALLOW_SUBNETS": ""}).settings == Settings()


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
        ({}, '[delivery]\nallow_subnets = "10.0.0.0/8"', "delivery.allow_subnets"),
        ({}, '[delivery]\nallow_subnets = ["10.0.0.1/8"]', "delivery.allow_subnets"),
        ({"STAMPBOOK_DELIVERY_ALLOW_SUBNETS": "the-office"}, "", "delivery.allow_subnets"),
    ],
)
def test_what_is_wrong_is_named(environment: dict[str, str], text: str, setting: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(environment, text)
    assert error.value.setting == setting
