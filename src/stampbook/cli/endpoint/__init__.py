"""Manage who gets webhooks."""
