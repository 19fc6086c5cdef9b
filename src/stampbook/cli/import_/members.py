"""Take over members from a CSV file."""

from stampbook.cli.terminal.importing import CsvPath, ImportOptions, run_import

NO_OPTIONS = ImportOptions()


def command(file: CsvPath, /, *, options: ImportOptions = NO_OPTIONS) -> int:
    """Take over members from a CSV file.

    The first row names the columns: member_id and any other field of a new member, such as
    email_address, tags (separated by ; or |), birthdate, enrolled_at, address.city or
    custom_attributes.club. An unknown column is an error that lists the known ones. A time without
    an offset is in the program's time zone.

    A member who is there already stays as they are: a row that says the same counts as already
    there, and one that says something else is rejected. Run the command again to go on where it
    was interrupted. In a dry run the rows do not see each other. It exits with 1 when a row was
    rejected.
    """
    return run_import("members", file, options)
