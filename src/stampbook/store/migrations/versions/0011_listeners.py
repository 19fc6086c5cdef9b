"""When the requests of a listener were last asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("endpoint", sa.Column("pulled_at_ms", sa.BigInteger(), nullable=True))
