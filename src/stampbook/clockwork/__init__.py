"""The clockwork: has done what time alone makes due, on real clocks and on test clocks."""
