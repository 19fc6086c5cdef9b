"""See what happened, and which kinds of facts there are."""
