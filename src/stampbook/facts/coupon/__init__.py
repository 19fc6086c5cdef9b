"""Facts about a coupon."""
