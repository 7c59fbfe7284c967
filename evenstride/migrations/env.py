"""Run by Alembic: puts the migrations onto the connection that evenstride.store.database hands over."""

from alembic import context

from evenstride.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The caller's transaction holds every step, so that a failure undoes all of them.
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
