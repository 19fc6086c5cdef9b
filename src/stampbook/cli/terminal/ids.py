"""Ids of what the command line makes."""

import secrets

from stampbook.engine.clock import real_ms
from stampbook.values.ids import PROCESS_BITS, CommandIds


def new_id() -> str:
    """Give an id that is later than those made before."""
    return CommandIds(secrets.randbits(PROCESS_BITS)).take(real_ms())
