"""PostgreSQL: the declarative base, the engine, and sessions that only the edge commits."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar, Final, TypeVarTuple, cast
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Select, Text, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

type_map: dict[Any, Any] = {
    datetime: DateTime(timezone=True),
    dict[str, Any]: JSONB,
    str: Text,
    UUID: PG_UUID(as_uuid=True),
}

Columns = TypeVarTuple("Columns")
SessionMaker = async_sessionmaker[AsyncSession]


class Base(DeclarativeBase):
    """Base of every table. Relationships, where there are any, are `lazy="raise"`."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = type_map


STATEMENT_LIMITS: Final = "-c statement_timeout=30s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
"""A host that freezes in the middle of a transaction must not hold its rows for ever, nor a statement its caller."""
POOL_SECONDS: Final = 15.0
"""How long a request waits for a free connection before it is answered 503: 200 at once take 6 s on two slow cores."""
_SERVER_GONE: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def make_engine(url: str, *, application_name: str, pool_size: int = 10, patient: bool = False) -> AsyncEngine:
    """An engine whose connections show `application_name` in pg_stat_activity and survive a restart of the server.

    `url` is of the form `postgresql+psycopg://…` (`Settings.require_database_url`). A `patient` engine is for loading
    and migrating: its statements may take as long as they take.
    """
    limits = {} if patient else {"options": STATEMENT_LIMITS}
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_recycle=1800,
        pool_timeout=POOL_SECONDS,
        hide_parameters=True,  # they would be in tracebacks, and some are secrets
        connect_args={"application_name": application_name, **_SERVER_GONE, **limits},
    )


def make_sessions(engine: AsyncEngine) -> SessionMaker:
    """Sessions over `engine`. Objects stay readable after the commit; nothing is loaded lazily anyway."""
    return async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def snapshot(sessions: SessionMaker) -> AsyncGenerator[AsyncSession]:
    """A session for reading, whose statements all see the database as of one moment."""
    async with sessions() as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def a_few(rows: Select[*Columns], at_most: int) -> Select[*Columns]:
    """So many of `rows` at most, locked, and none that another transaction holds: for the `WHERE … IN` of a change.

    They are chosen once. A plain subquery with a limit may be run anew for each row of the outer statement, and then
    lets more of them through than its limit: that depends on the plan.
    """
    chosen = rows.limit(at_most).with_for_update(skip_locked=True).cte("chosen").prefix_with("MATERIALIZED")
    return cast("Select[*Columns]", select(*chosen.c))


async def ping(sessions: SessionMaker) -> None:
    """One round trip; raises what the driver raises."""
    async with sessions() as session:
        await session.execute(text("SELECT 1"))
