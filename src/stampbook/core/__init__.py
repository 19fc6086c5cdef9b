"""The core: decisions by noun. Pure: no I/O, no clock, no randomness; time is an argument."""
