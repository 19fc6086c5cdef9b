"""Configuration: one frozen tree of settings, parsed once from a TOML file and the environment.

`STAMPBOOK_DELIVERY_ALLOW_PRIVATE` is `allow_private` under `[delivery]`; the environment wins.
What a program does is no configuration: that is its versioned definition in the database.
"""

import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from stampbook.core.retention import Retention
from stampbook.delivery.lanes import HANDLES_MAX, IN_FLIGHT_MAX
from stampbook.values.egress import networks

PREFIX = "STAMPBOOK_"
FILE_VARIABLE = "STAMPBOOK_CONFIG"
"""Names the TOML file; it is not part of the tree."""

Origin = Literal["default", "file", "environment"]


class ConfigError(Exception):
    """A setting is wrong: which, where it came from, and what to do."""

    def __init__(self, setting: str, origin: Origin, message: str) -> None:
        super().__init__(f"{setting} ({origin}): {message}")
        self.setting = setting
        self.origin = origin


class DatabaseSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where everything is stored."""

    url: Annotated[str, Meta(min_length=1)] = "sqlite:///stampbook.db"
    """`sqlite:///path` or `postgresql://user:password@host/name`. Secret, for the password."""


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the API listens."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8200
    processes: Annotated[int, Meta(ge=1, le=64)] = 1
    """Of the API, where more than one needs PostgreSQL; or of a worker, on either."""
    writers: Annotated[int, Meta(ge=1, le=8)] = 1
    """Engine threads of one process; more than one helps on PostgreSQL only."""
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """Where a process of `--role worker` or `--role clock` answers `/metrics` and `/healthz`; 0 is
    nowhere. With the API they are at its own port."""
    metrics_endpoints_max: Annotated[int, Meta(ge=0, le=10_000)] = 100
    """How many single endpoints the metrics tell of, those first that are not well; all others are
    in the totals."""


class DeliverySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How webhooks are sent."""

    allow_private: bool = False
    """Lets endpoints have private and loopback addresses: for sandboxes, never on the internet."""
    allow_subnets: tuple[str, ...] = ()
    """Networks that endpoints may have addresses in besides the internet, such as `10.1.2.0/24`; in
    the environment separated by spaces. A cloud's metadata service must be named as `/32`."""

    in_flight_max: Annotated[int, Meta(ge=1, le=HANDLES_MAX)] = IN_FLIGHT_MAX
    """How many requests a worker has on their way at most; those that were out for a second already
    are not counted."""

    destinations: tuple[str, ...] = ()
    """Where endpoints may send to besides HTTP, each an extra: nats, rabbitmq, kafka, sqs. In the
    environment separated by spaces."""

    def __post_init__(self) -> None:
        networks(self.allow_subnets)


class SecretSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What encrypts the secrets of endpoints."""

    key: str = ""
    """Fernet keys, newest first, separated by spaces. Secret."""
    key_file: str = ""
    """A file that holds them; empty: beside an SQLite database, made at the first start."""


class LogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    format: Literal["console", "json"] = "console"
    """For people, or for machines."""
    received_every: Annotated[int, Meta(ge=0)] = 0
    """Of the attempts that were received every so many is logged: 0 is none, 1 is all. All others
    are always logged, and at the level `debug` all are."""


class ApiSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How commands that need no database reach a server, from any machine."""

    url: str = "http://127.0.0.1:8200"
    """Where the server answers."""
    key: str = ""
    """A key of the program. Secret."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings."""

    database: DatabaseSettings = DatabaseSettings()
    server: ServerSettings = ServerSettings()
    delivery: DeliverySettings = DeliverySettings()
    retention: Retention = Retention()
    secrets: SecretSettings = SecretSettings()
    log: LogSettings = LogSettings()
    api: ApiSettings = ApiSettings()


SECRET_SETTINGS = frozenset({"database.url", "secrets.key", "api.key"})
"""Settings whose value is never printed."""


class Configuration(Struct, frozen=True):
    """The settings, and where each came from by `section.name`."""

    settings: Settings
    origins: Mapping[str, Origin]


def load(environment: Mapping[str, str], file_text: str = "") -> Configuration:
    """Parse the settings.

    Errors: ConfigError for broken TOML, an unknown section or key, or a value out of range.
    """
    try:
        tree: dict[str, Any] = tomllib.loads(file_text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("the file", "file", str(error)) from None
    origins: dict[str, Origin] = {}
    sections: dict[str, Any] = {}
    for section, kind in get_type_hints(Settings).items():
        given: Any = tree.pop(section, {})
        if not isinstance(given, dict):
            raise ConfigError(section, "file", "is a table")
        values = cast("dict[str, Any]", given)
        sections[section] = _section(section, kind, values, environment, origins)
    if tree:
        raise ConfigError(next(iter(tree)), "file", "there is no such section")
    _refuse_unknown(environment, origins)
    return Configuration(Settings(**sections), origins)


def _section(
    section: str,
    kind: type[Struct],
    given: dict[str, Any],
    environment: Mapping[str, str],
    origins: dict[str, Origin],
) -> Struct:
    values: dict[str, Any] = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        setting = f"{section}.{name}"
        variable = variable_of(setting)
        if variable in environment:
            origins[setting], value = "environment", environment[variable]
            value = value.split() if get_origin(hint) is tuple else value
        elif name in given:
            origins[setting], value = "file", given[name]
        else:
            origins[setting] = "default"
            continue
        try:
            values[name] = msgspec.convert(value, hint, strict=origins[setting] == "file")
            kind(**{name: values[name]})  # the section may know more about it than its type says
        except (msgspec.ValidationError, ValueError) as error:
            raise ConfigError(setting, origins[setting], str(error)) from None
    for name in given:
        if name not in kind.__struct_fields__:
            raise ConfigError(f"{section}.{name}", "file", "there is no such setting")
    return kind(**values)


def variable_of(setting: str) -> str:
    """Give the environment variable of `section.name`."""
    return PREFIX + setting.replace(".", "_").upper()


def _refuse_unknown(environment: Mapping[str, str], known: Mapping[str, Origin]) -> None:
    variables = {variable_of(setting) for setting in known} | {FILE_VARIABLE}
    for name in environment:
        if name.startswith(PREFIX) and name not in variables and not name.startswith(TEST_PREFIX):
            raise ConfigError(name, "environment", "there is no such setting")


TEST_PREFIX = "STAMPBOOK_TEST_"
"""Variables of the test suite, which the product leaves alone."""
