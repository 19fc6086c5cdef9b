"""Manage the keys of the API."""
