"""What is remembered of members, referrals, and reviews."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
REFERRAL_CODE = {
    "sqlite": "json_extract(body, '$.referral_code')",
    "postgresql": "body::json ->> 'referral_code'",
}


def upgrade() -> None:
    _extend_members()
    op.add_column("customer_order", sa.Column("review_at_ms", sa.BigInteger(), nullable=True))
    _partial("ix_customer_order_review", "customer_order", "review_at_ms")
    _create_referrals()
    _create_reviews()


def _extend_members() -> None:
    op.add_column(
        "member", sa.Column("agenda", sa.Text(), nullable=False, server_default=sa.text("'{}'"))
    )
    op.add_column("member", sa.Column("referral_code", KEY, nullable=True))
    op.add_column("member", sa.Column("referrer", KEY, nullable=True))
    code = REFERRAL_CODE[op.get_bind().dialect.name]
    op.execute(f"UPDATE member SET referral_code = {code}, email = lower(email)")
    op.create_index(
        "ix_member_referral_code", "member", ["program_id", "referral_code"], unique=True
    )


def _create_referrals() -> None:
    op.create_table(
        "referral",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("referrer", KEY, nullable=False),
        sa.Column("friend_email", KEY, nullable=True),
        sa.Column("status", KEY, nullable=False),
        sa.Column("remind_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("order_id", KEY, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "id", name="pk_referral"),
    )
    op.create_index("ix_referral_friend", "referral", ["program_id", "friend_email"], unique=True)
    op.create_index(
        "ix_referral_program_id_referrer_id", "referral", ["program_id", "referrer", "id"]
    )
    _partial("ix_referral_remind", "referral", "remind_at_ms")
    _partial("ix_referral_order", "referral", "order_id", unique=True)


def _create_reviews() -> None:
    op.create_table(
        "review",
        sa.Column("program_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("member", KEY, nullable=True),
        sa.Column("product_id", KEY, nullable=False),
        sa.Column("order_id", KEY, nullable=True),
        sa.Column("status", KEY, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "id", name="pk_review"),
    )
    op.create_index("ix_review_program_id_member_id", "review", ["program_id", "member", "id"])
    op.create_index(
        "ix_review_program_id_product_id_id", "review", ["program_id", "product_id", "id"]
    )


def _partial(name: str, table: str, column: str, *, unique: bool = False) -> None:
    where = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        name,
        table,
        ["program_id", column],
        unique=unique,
        sqlite_where=where,
        postgresql_where=where,
    )
