"""Facts about a referral."""
