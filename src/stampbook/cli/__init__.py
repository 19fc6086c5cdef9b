"""The command line: one file is one command, one folder is a group of them.

A file's name is the command's name; its function `command` runs it, and the docstring of that is
the help. A name that Python keeps for itself ends in an underscore: `import_`, `list_`.
Files are imported only when their command is run, so that `stampbook --help` answers at once.
"""
