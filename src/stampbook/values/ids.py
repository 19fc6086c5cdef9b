"""Ids: 24 lower-case hex digits, time-ordered, made from an argument and never from a clock.

Shapes: 42 bits of milliseconds, 22 bits of process, 14 bits of count, 18 bits of index. A command
gets one id when it is admitted; every row it makes takes that id plus a rising index, so the
same command gives the same rows whether it runs alone or in a batch.
"""

import hashlib
from typing import NewType

from stampbook.values.instants import Instant, to_ms

ProgramId = NewType("ProgramId", str)
MemberId = NewType("MemberId", str)
TransactionId = NewType("TransactionId", str)
LotId = NewType("LotId", str)
EntryId = NewType("EntryId", str)
FactId = NewType("FactId", str)
CouponId = NewType("CouponId", str)
EndpointId = NewType("EndpointId", str)
RequestId = NewType("RequestId", str)
CommandId = NewType("CommandId", str)
ReferralId = NewType("ReferralId", str)
ReviewId = NewType("ReviewId", str)
OrderId = NewType("OrderId", str)

ID_PATTERN = "^[0-9a-f]{24}$"
ID_DIGITS = 24
TIME_DIGITS = 12
"""The first digits of the id of something that a program defines: when it was."""

CAUSE_TIME_DIGITS = 11
"""The first digits of a request's id: when it came."""

PROCESS_BITS = 22
COUNT_BITS = 14
INDEX_BITS = 18
IDS_PER_COMMAND_MAX = 1 << INDEX_BITS
BITS_BELOW_TIME = PROCESS_BITS + COUNT_BITS + INDEX_BITS
INDEX_DIGITS = 5
"""The last digits, which hold the whole index; of a command's id it is 0."""


class Ids:
    """The ids of one command, in rising order."""

    __slots__ = ("_first", "_next", "_same")

    def __init__(self, command_id: CommandId) -> None:
        self._same = command_id[:-INDEX_DIGITS]
        self._first = int(command_id[-INDEX_DIGITS:], 16)
        self._next = 0

    def take(self) -> str:
        """Give the next id.

        Errors: AssertionError past IDS_PER_COMMAND_MAX ids.
        """
        self._next += 1
        assert self._next < IDS_PER_COMMAND_MAX, "one command made more ids than it may"
        return f"{self._same}{self._first + self._next:0{INDEX_DIGITS}x}"


class CommandIds:
    """Ids for commands in the order of their admission to one process."""

    __slots__ = ("_last", "_process")

    def __init__(self, process: int) -> None:
        self._process = process % (1 << PROCESS_BITS)
        self._last = 0

    def take(self, now_ms: int) -> CommandId:
        """Give a command's id: later than every id given before, at or after `now_ms`."""
        slot = max(now_ms << COUNT_BITS, self._last + 1)
        self._last = slot
        ms, count = slot >> COUNT_BITS, slot & ((1 << COUNT_BITS) - 1)
        number = (((ms << PROCESS_BITS) | self._process) << COUNT_BITS) | count
        return CommandId(f"{number << INDEX_BITS:024x}")


def first_id(ms: int) -> str:
    """Give the lowest id that can be made at an instant; ids of before are lower."""
    return f"{ms << BITS_BELOW_TIME:024x}"


def ms_of(id_: str) -> int:
    """Give the instant at which an id was made. Units: milliseconds since 1970."""
    return int(id_, 16) >> BITS_BELOW_TIME


def first_cause(ms: int) -> str:
    """Give what is not after the ids of requests that came at an instant, and after all before."""
    return f"{ms:0{CAUSE_TIME_DIGITS}x}"


def ms_of_cause(cause: str) -> int:
    """Give the instant at which a request came, by its id. Units: milliseconds since 1970."""
    return int(cause[:CAUSE_TIME_DIGITS], 16)


def id_of_defined(program_id: ProgramId, name: str, created_at: Instant) -> str:
    """Give our own id of something that a program defines, which stays over its versions."""
    digest = hashlib.sha256(f"{program_id}:{name}".encode()).hexdigest()
    return f"{to_ms(created_at):0{TIME_DIGITS}x}{digest}"[:ID_DIGITS]
