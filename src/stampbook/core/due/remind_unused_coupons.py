"""A coupon was not used for a number of days."""

from stampbook.core.due import DueKind
from stampbook.core.reminders import next_unused_coupon, remind_unused_coupons

DUE = DueKind(rank=74, next=next_unused_coupon, run=remind_unused_coupons)
