"""Stampbook, a self-hosted loyalty engine."""

if not __debug__:  # asserts guard the ledger's invariants; `python -O` would remove them
    message = "Stampbook refuses to start under python -O: its invariants are asserts."
    raise RuntimeError(message)

__version__ = "0.1.0"
