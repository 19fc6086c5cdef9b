"""What an event must say before an endpoint is sent it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "endpoint",
        sa.Column("only_with", sa.Text(), nullable=False, server_default=sa.text("'[]'")),
    )
