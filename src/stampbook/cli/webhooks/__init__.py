"""Look at webhooks as their receiver does, and at what it answers; send again what it missed."""
