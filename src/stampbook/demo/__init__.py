"""The demo: eighteen months of real purchases go in; points, tiers and webhooks come out."""
