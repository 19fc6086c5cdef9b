"""Facts about a winback offer."""
