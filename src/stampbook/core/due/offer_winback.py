"""A member was away long enough for an offer, or the time of one is over."""

from stampbook.core.due import DueKind
from stampbook.core.winback import next_winback, offer_winback

DUE = DueKind(rank=80, next=next_winback, run=offer_winback)
