"""Points will expire in a number of days."""

from stampbook.core.due import DueKind
from stampbook.core.reminders import next_expiring, remind_expiring

# What happens at the same instant goes first: a reminder speaks of what is left then.
DUE = DueKind(rank=70, next=next_expiring, run=remind_expiring)
