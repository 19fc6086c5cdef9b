"""A balance was left alone for a number of days."""

from stampbook.core.due import DueKind
from stampbook.core.reminders import next_unused_points, remind_unused_points

DUE = DueKind(rank=72, next=next_unused_points, run=remind_unused_points)
