"""Facts about points."""
