"""A member's birthday or anniversary begins."""

from stampbook.core.birthdays import celebrate, next_celebration
from stampbook.core.due import DueKind

DUE = DueKind(rank=50, next=next_celebration, run=celebrate)
