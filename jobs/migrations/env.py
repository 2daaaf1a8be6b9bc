"""What Alembic runs: the migrations on the connection that `jobs.storage.database.migrate` hands over."""

from alembic import context

from jobs.storage.schema import Table

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Table.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
