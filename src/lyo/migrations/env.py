"""Runs migrations: one at a time in all the world, each in its own transaction, and never waiting long for a lock."""

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

from lyo.tables import metadata

LOCK_KEY = 0x6C796F  # "lyo"
LOCK_TIMEOUT = "4s"
"""A migration that waits for a table makes everybody behind it wait too: better to fail and try again."""
STATEMENT_TIMEOUT = "60s"


def run_offline() -> None:
    """Print the SQL instead of running it, for review and for squawk."""
    context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Migrate the database at `url`, or over the connection that the caller hands in."""
    engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        # Held by the session and not by a transaction, so that it spans all migrations.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.commit()
        _migrate(connection)
    engine.dispose()


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
