"""What Alembic runs: the migrations, on the connection and in the transaction it was handed."""

from alembic import context

from aicmo.dashboard_models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter most things in place; Alembic copies the table instead.
    render_as_batch=True,
)
context.run_migrations()
