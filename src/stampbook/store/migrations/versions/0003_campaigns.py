"""Who is in which campaign, and how far each campaign was looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "campaign_member",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("member", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "campaign_id", "member", name="pk_campaign_member"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_campaign_member_program_id_campaign_id_state_member",
        "campaign_member",
        ["program_id", "campaign_id", "state", "member"],
    )
    op.create_table(
        "campaign_seen",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("reached_ms", sa.BigInteger(), nullable=False),
        sa.Column("cursor", KEY, nullable=True),
        sa.PrimaryKeyConstraint("program_id", "campaign_id", name="pk_campaign_seen"),
        sqlite_with_rowid=False,
    )
