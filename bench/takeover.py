"""Taking over a shop: importing members and orders against COPY of the very same rows."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

import msgspec
import psycopg
from psycopg import sql

from bench.ground import Ground
from bench.report import Measured, Target, ratio_of
from bench.shop import PROGRAM, member_id
from stampbook.connectors.csv_import import Row, RowReader
from stampbook.connectors.import_kinds import KINDS, KindName
from stampbook.connectors.import_rows import import_rows
from stampbook.connectors.import_run import Importer
from stampbook.engine.writer import Engine
from stampbook.store.backend import open_backend
from stampbook.store.schema import METADATA

ORDERS_EACH = 3
MEMBER_HEADER = (
    "member_id", "first_name", "last_name", "email_address", "tags", "address.city",
    "address.country", "custom_attributes.favourite_shop",
)  # fmt: skip
ORDER_HEADER = (
    "order_id", "member_id", "order_subtotal", "order_total", "currency", "ordered_at", "products",
)  # fmt: skip
BEFORE_IMPORT = {"program", "definition", "api_key", "endpoint"}
COPY_OUT = "COPY {} TO STDOUT (FORMAT BINARY)"
COPY_IN = "COPY {} FROM STDIN (FORMAT BINARY)"

Dump = dict[str, bytes]


def measure(ground: Ground) -> list[Measured]:
    """Measure imports on PostgreSQL."""
    members = ground.members // 2
    asked = members * (1 + ORDERS_EACH)
    imported: list[float] = []
    copied: list[float] = []
    dump: Dump = {}
    for _ in range(ground.repetitions):
        with ground.postgres(listens=False, members=0) as url:
            imported.append(asked / _import_all(url, members))
            dump = _dump(url)
        with ground.postgres(listens=False, members=0) as url:
            copied.append(asked / _copy(url, dump))
    rows = f"COPY of the same rows, {sum(map(len, dump.values())) / 1e6:.0f} MB"
    return [
        Measured(
            name="import_vs_copy_ratio",
            value=ratio_of(imported, copied),
            target=Target(least=0.05),
            baseline=f"{rows}, into the same tables with the same indexes",
        ),
        Measured(
            name="import_rows_per_second",
            value=median(imported),
            baseline=f"{members} members with {ORDERS_EACH} orders each",
        ),
        Measured(name="copy_rows_per_second", value=median(copied), baseline=rows),
    ]


def _member_rows(members: int) -> Iterator[Sequence[str]]:
    for number in range(1, members + 1):
        yield (
            member_id(number), "Robin", f"Customer {number}",
            f"customer-{number}@customers.example", "newsletter;shops", "Berlin", "DE", "Mitte",
        )  # fmt: skip


def _order_rows(members: int) -> Iterator[Sequence[str]]:
    now = datetime.now(UTC)  # noqa: TID251 - the orders of the last months
    for number in range(members * ORDERS_EACH):
        price = f"{number % 200 + 10}.95"
        product = {
            "product_id": f"sku-{number % 900}",
            "product_title": "Trail shoe",
            "product_category": ("shoes", "bags", "tops")[number % 3],
            "product_price": price,
            "product_quantity": 1,
        }
        yield (
            f"order-{number}", member_id(number % members + 1), price, price, "EUR",
            (now - timedelta(days=ORDERS_EACH - number // members)).isoformat(),
            msgspec.json.encode([product]).decode(),
        )  # fmt: skip


def _import_all(url: str, members: int) -> float:
    """Import members, then orders, as the command line does; give the seconds it took."""
    backend = open_backend(url)
    engine = Engine(backend)
    engine.start()
    start = time.perf_counter()
    _import(engine, "members", MEMBER_HEADER, _member_rows(members))
    _import(engine, "orders", ORDER_HEADER, _order_rows(members))
    took = time.perf_counter() - start
    engine.stop()
    backend.close()
    return took


def _import(
    engine: Engine, kind: KindName, header: Sequence[str], rows: Iterator[Sequence[str]]
) -> None:
    reader = RowReader(KINDS[kind].command, header, renamed={}, zone=UTC)
    importer = Importer(engine, PROGRAM, KINDS[kind], reader, cause=f"import-{kind}")
    report = import_rows(importer, (Row(line, row) for line, row in enumerate(rows, start=2)))
    assert report.imported == report.rows > 0, report


def _dump(url: str) -> Dump:
    """Give the rows of every table that an import wrote."""
    found: Dump = {}
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table in METADATA.sorted_tables:
            if table.name in BEFORE_IMPORT:
                continue
            with cursor.copy(sql.SQL(COPY_OUT).format(sql.Identifier(table.name))) as copy:
                found[table.name] = b"".join(bytes(part) for part in copy)
    return found


def _copy(url: str, dump: Dump) -> float:
    """Copy rows into empty tables in one transaction; give the seconds it took."""
    start = time.perf_counter()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for name, rows in dump.items():
            with cursor.copy(sql.SQL(COPY_IN).format(sql.Identifier(name))) as copy:
                copy.write(rows)
    return time.perf_counter() - start
