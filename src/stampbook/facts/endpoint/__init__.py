"""Facts about endpoints."""
