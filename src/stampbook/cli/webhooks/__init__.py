"""Look at webhooks as their receiver does."""
