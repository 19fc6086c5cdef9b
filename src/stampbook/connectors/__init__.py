"""Connectors: other systems' words become our commands."""
