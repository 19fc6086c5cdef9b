"""Simulation: a changed program is run over what really happened, and nothing is stored."""
