"""Lanes: how an endpoint wants to be treated, how it goes with it, and what keeps its order."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
UNDELIVERED = "status IN ('pending', 'leased')"
ORDERED = sa.text(f"order_key IS NOT NULL AND {UNDELIVERED}")
FAILED = sa.text("status = 'failed'")


def upgrade() -> None:
    for column in (
        sa.Column("ordering", KEY, nullable=False, server_default=sa.text("'none'")),
        sa.Column("batch_wait_ms", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("conduct", sa.Text(), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("access", sa.Text(), nullable=False, server_default=sa.text("''")),
    ):
        op.add_column("endpoint", column)
    op.create_table(
        "lane",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("endpoint_id", KEY, nullable=False),
        sa.Column("health", sa.Text(), nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("free_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("mark_us", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False),
        sa.Column("left_at_position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("program_id", "endpoint_id", name=op.f("pk_lane")),
        postgresql_with={"fillfactor": 70},
    )
    for column in (
        sa.Column("order_key", KEY, nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("status_code", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("response_excerpt", sa.Text(), nullable=True),
    ):
        op.add_column("delivery", column)
    op.create_index(
        "ix_delivery_order",
        "delivery",
        ["program_id", "endpoint_id", "order_key", "position"],
        sqlite_where=ORDERED,
        postgresql_where=ORDERED,
    )
    op.create_index(
        "ix_delivery_failed",
        "delivery",
        ["program_id", "endpoint_id", "id"],
        sqlite_where=FAILED,
        postgresql_where=FAILED,
    )
