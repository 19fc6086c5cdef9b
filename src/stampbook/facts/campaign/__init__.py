"""Facts about a campaign."""
