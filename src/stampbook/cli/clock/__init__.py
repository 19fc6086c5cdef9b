"""Read a program's clock, and move that of a sandbox."""
