"""The program's own settings: its currency and time zone exist, its referral link has a code."""

from collections.abc import Iterator
from zoneinfo import available_timezones

from stampbook.core.definition import Definition
from stampbook.program.currencies import CURRENCIES
from stampbook.program.problems import Flaw, choose_from
from stampbook.values.calendars import zone_named

CODE = "{code}"


def _check(definition: Definition) -> Iterator[Flaw]:
    if not definition.name.strip():
        yield Flaw(("name",), "is empty.", "Give the name that members know the program by.")
    if definition.currency not in CURRENCIES:
        yield Flaw(
            ("currency",),
            f"{definition.currency} is no currency of ISO 4217.",
            choose_from(definition.currency, CURRENCIES),
        )
    if not _is_zone(definition.time_zone):
        yield Flaw(
            ("time_zone",),
            f"{definition.time_zone} is no time zone.",
            choose_from(definition.time_zone, available_timezones()),
        )
    link = definition.referral_link
    if link.count(CODE) != 1:
        yield Flaw(
            ("referral_link",),
            f"has {CODE} {link.count(CODE)} times.",
            f"Write {CODE} once, where the member's referral code belongs.",
        )
    if not link.startswith(("https://", "http://")):
        yield Flaw(("referral_link",), "is no web address.", "Begin it with https://.")


def _is_zone(name: str) -> bool:
    try:
        return zone_named(name).key == name
    except (KeyError, ValueError, OSError):  # unknown, not a name, a folder of zones
        return False


CHECK = _check
