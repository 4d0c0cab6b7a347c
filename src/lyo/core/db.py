"""PostgreSQL: the declarative base, the engine, and sessions that only the edge commits."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Text, text
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


def make_engine(url: str, *, application_name: str, pool_size: int = 10) -> AsyncEngine:
    """An engine whose connections show `application_name` in pg_stat_activity and survive a restart of the server.

    `url` is of the form `postgresql+psycopg://…` (`Settings.require_database_url`).
    """
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={"application_name": application_name, "connect_timeout": 5},
    )


def make_sessions(engine: AsyncEngine) -> SessionMaker:
    """Sessions over `engine`. Objects stay readable after the commit; nothing is loaded lazily anyway."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def ping(sessions: SessionMaker) -> None:
    """One round trip; raises what the driver raises."""
    async with sessions() as session:
        await session.execute(text("SELECT 1"))
