"""Gaps: which requests to an endpoint have not arrived yet.

Every request carries `stampbook-sequence`: a number for each endpoint, from 1 without a gap, and
the same one on each try. A number that stays away for longer than the sender goes on trying is
lost; until then it is only late, because requests overtake each other. The number says nothing
about what was seen before: a replay sends an old event under a new number.
"""

from bisect import bisect_right

from msgspec import Struct

from .errors import MalformedHeaderError
from .headers import SEQUENCE, Found, Headers

HOLES_MAX = 10_000
"""How many separate holes are kept; beyond that the oldest are forgotten, as lost."""


def sequence_of(headers: Headers) -> int | None:
    """Give the number of a request, None when the sender does not count.

    Errors: MalformedHeaderError for what is not a number from 1.
    """
    found = Found(headers)
    return None if found.find(SEQUENCE) is None else _counted(found.number(SEQUENCE))


def _counted(number: int) -> int:
    if number < 1:
        raise MalformedHeaderError(SEQUENCE, "is not a number from 1")
    return number


class Gaps(Struct):
    """What one endpoint has sent, as the highest number seen and the holes below it.

    Shapes: `holes` are first and last number of each run that is missing, both inclusive, in rising
    order. It is all there is to store: `msgspec.json.encode` writes it, and decoding gives it back.
    To begin in the middle of an endpoint's life, start from `Gaps(highest=...)`.
    """

    highest: int = 0
    holes: list[tuple[int, int]] = []

    def see(self, headers: Headers) -> None:
        """Note the number of a request that was verified; without the header nothing is noted.

        Errors: MalformedHeaderError for what is not a number from 1.
        """
        number = sequence_of(headers)
        if number is not None:
            self.add(number)

    def add(self, number: int) -> None:
        """Note a number.

        Errors: MalformedHeaderError for a number below 1.
        """
        if _counted(number) > self.highest:
            if number > self.highest + 1:
                self.holes.append((self.highest + 1, number - 1))
            self.highest = number
        else:
            self._fill(number)
        del self.holes[:-HOLES_MAX]

    def _fill(self, number: int) -> None:
        place = bisect_right(self.holes, number, key=lambda hole: hole[0]) - 1
        first, last = self.holes[place] if place >= 0 else (0, 0)
        if first <= number <= last:
            rest = ((first, number - 1), (number + 1, last))
            self.holes[place : place + 1] = [hole for hole in rest if hole[0] <= hole[1]]

    @property
    def missing(self) -> tuple[range, ...]:
        """Give the numbers that have not arrived, as ranges in rising order."""
        return tuple(range(first, last + 1) for first, last in self.holes)

    @property
    def missing_count(self) -> int:
        """Give how many numbers have not arrived."""
        return sum(last - first + 1 for first, last in self.holes)
