"""Make a program, and put its rules into force."""
