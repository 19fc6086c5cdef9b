"""The engine: a bounded queue, and the writers that turn what waits into one transaction."""
