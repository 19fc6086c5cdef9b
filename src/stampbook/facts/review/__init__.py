"""Facts about a review."""
