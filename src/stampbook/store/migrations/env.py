"""What Alembic runs: the migrations, on the connection that `store.migrate` opened."""

from alembic import context

from stampbook.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
