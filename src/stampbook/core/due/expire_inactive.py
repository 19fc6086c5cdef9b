"""A whole balance expires after inactivity."""

from stampbook.core.due import DueKind
from stampbook.core.expiry import expire_balance, inactive_from

DUE = DueKind(rank=40, next=inactive_from, run=expire_balance)
