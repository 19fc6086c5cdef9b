"""Facts about a tier."""
