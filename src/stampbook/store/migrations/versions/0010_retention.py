"""How far what has had its time is gone, and the traces of requests."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "retention",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("part", KEY, nullable=False),
        sa.Column("before_ms", sa.BigInteger(), nullable=False),
        sa.Column("cuts", sa.Text(), nullable=False),
        sa.Column("cursor", KEY, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("finished_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("program_id", "part", name=op.f("pk_retention")),
    )
    op.create_table(
        "trace",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("cause", KEY, nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "cause", name=op.f("pk_trace")),
        sqlite_with_rowid=False,
    )
