"""Replays: facts that are sent again, or at last; and an endpoint's way back to the present."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    op.create_table(
        "replay",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("endpoint_id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("mark_us", sa.BigInteger(), nullable=False),
        sa.Column("matched", sa.BigInteger(), nullable=False),
        sa.Column("is_exact", sa.Boolean(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("queued", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("finished_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("program_id", "id", name=op.f("pk_replay")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "ix_replay_program_id_endpoint_id_id", "replay", ["program_id", "endpoint_id", "id"]
    )
    op.create_index(
        "ix_replay_running",
        "replay",
        ["program_id", "id"],
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )
    op.add_column("delivery", sa.Column("replay_id", KEY, nullable=True))
    op.add_column("endpoint", sa.Column("backfill", KEY, nullable=True))
