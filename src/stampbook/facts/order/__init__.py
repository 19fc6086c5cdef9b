"""Facts about an order."""
