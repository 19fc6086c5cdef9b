"""Take over orders from a CSV file; they earn by the program's rules."""

from stampbook.cli.terminal.importing import CsvPath, ImportOptions, run_import

NO_OPTIONS = ImportOptions()


def command(file: CsvPath, /, *, options: ImportOptions = NO_OPTIONS) -> int:
    """Take over orders from a CSV file; they earn by the program's rules.

    The first row names the columns: order_id, member_id, order_subtotal and any other field of an
    order, such as order_total, ordered_at, coupon_code, tags (separated by ; or |), products (a
    JSON list) or attributes.channel. An unknown column is an error that lists the known ones. A
    time without an offset is in the program's time zone.

    An order that was recorded before earns nothing again: a row that says the same counts as
    already there, and one that says something else is rejected. Run the command again to go on
    where it was interrupted. In a dry run the rows do not see each other. It exits with 1 when a
    row was rejected.
    """
    return run_import("orders", file, options)
