"""Facts about a member."""
