"""See what is still kept of deliveries and facts, and let go of what has had its time."""
