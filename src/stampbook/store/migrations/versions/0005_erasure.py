"""What is to be erased of deleted members, and how far it is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
FRIEND = {
    "sqlite": "json_extract(body, '$.friend_member_id')",
    "postgresql": "body::json ->> 'friend_member_id'",
}


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("member", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("emails", sa.Text(), nullable=False),
        sa.Column("stage", sa.BigInteger(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("requested_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("finished_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("program_id", "member", name="pk_erasure"),
    )
    op.create_index("ix_erasure_program_id_member_id", "erasure", ["program_id", "member_id"])
    _partial("ix_erasure_unfinished", "erasure", "requested_at_ms", "finished_at_ms IS NULL")
    op.add_column("referral", sa.Column("friend_member_id", KEY, nullable=True))
    op.execute(f"UPDATE referral SET friend_member_id = {FRIEND[op.get_bind().dialect.name]}")
    _partial(
        "ix_referral_friend_member_id",
        "referral",
        "friend_member_id",
        "friend_member_id IS NOT NULL",
    )
    _partial("ix_fact_share", "fact", "position", "type = 'referral.link_shared'")
    op.create_index("ix_attempt_program_id_request_id", "attempt", ["program_id", "request_id"])


def _partial(name: str, table: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(
        name,
        table,
        ["program_id", column],
        sqlite_where=where,
        postgresql_where=where,
    )
