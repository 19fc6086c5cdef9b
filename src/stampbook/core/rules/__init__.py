"""Rules: how an activity is valued. One condition, one file; one effect, one file."""
