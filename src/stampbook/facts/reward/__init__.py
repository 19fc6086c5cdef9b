"""Facts about a reward."""
