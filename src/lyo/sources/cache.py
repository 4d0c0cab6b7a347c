"""Answers kept in PostgreSQL, so that what one learner asked need not be asked again for the next."""

import asyncio
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from weakref import WeakValueDictionary

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.sources.models import SourceAnswer
from lyo.sources.protocol import Passage, Reading, Source, Video

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

EMPTY_KEPT: Final = timedelta(hours=6)
"""Nothing found is asked again sooner: a source may have been half awake."""
SWEPT: Final = 100
"""Expired answers that each new one takes away."""
_MOST_KEY_CHARACTERS: Final = 400

Found = TypeVar("Found", Passage, Video, Reading)
_Key = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class CachedSource(Generic[Found]):
    """A source whose answers are kept for `kept`, empty ones for `EMPTY_KEPT` at most, failures not at all.

    Two that ask the same at the same time in one process ask the source once. A database that fails keeps nothing and
    stops nothing.
    """

    source: Source[Found]
    sessions: SessionMaker
    kind: type[Found]
    kept: timedelta
    locks: WeakValueDictionary[_Key, asyncio.Lock] = field(default_factory=WeakValueDictionary[_Key, asyncio.Lock])

    @property
    def name(self) -> str:
        """That of the source."""
        return self.source.name

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Found]:
        """See `Source.search`."""
        key = (self.name, language.lower(), normalised(query), limit)
        if not key[2] or limit < 1:
            return []
        lock = self.locks.setdefault(key, asyncio.Lock())
        async with lock:
            kept = await self._kept(key)
            if kept is not None:
                return kept
            found = list(await self.source.search(query, language=language, limit=limit))
            await self._keep(key, found)
            return found

    async def _kept(self, key: _Key) -> list[Found] | None:
        source, language, query, limit = key
        wanted = select(SourceAnswer.found).where(
            SourceAnswer.source == source,
            SourceAnswer.language == language,
            SourceAnswer.query == query,
            SourceAnswer.limit == limit,
            SourceAnswer.expires_at > now(),
        )
        try:
            async with self.sessions() as session:
                row = await session.scalar(wanted)
            return None if row is None else _adapter(self.kind).validate_python(row)
        except SQLAlchemyError as error:
            log.warning("sources.cache_unread", source=source, error=type(error).__name__)
        except ValidationError:  # kept by another version of Lyo
            log.info("sources.cache_outdated", source=source)
        return None

    async def _keep(self, key: _Key, found: list[Found]) -> None:
        kept = self.kept if found else min(self.kept, EMPTY_KEPT)
        row = _row(key, _adapter(self.kind).dump_python(found, mode="json"), now() + kept)
        statement = insert(SourceAnswer).values(**row)
        upsert = statement.on_conflict_do_update(
            index_elements=[
                SourceAnswer.source,
                SourceAnswer.language,
                SourceAnswer.query,
                SourceAnswer.limit,
            ],
            set_={"found": statement.excluded.found, "expires_at": statement.excluded.expires_at},
        )
        try:
            async with self.sessions.begin() as session:
                await session.execute(upsert)
                await session.execute(text(_SWEEP), {"now": now(), "most": SWEPT})
        except SQLAlchemyError as error:
            log.warning("sources.cache_unwritten", source=key[0], error=type(error).__name__)


def normalised(query: str) -> str:
    """`query` as a key: what differs in case, in spaces, or in how its letters are encoded is one query."""
    storable = query[: 2 * _MOST_KEY_CHARACTERS].replace("\0", " ").encode("utf-8", "ignore").decode()
    return " ".join(unicodedata.normalize("NFKC", storable).casefold().split())[:_MOST_KEY_CHARACTERS].strip()


def _adapter(kind: type[Found]) -> TypeAdapter[list[Found]]:
    # Lax about JSON's lists for our tuples, strict about what is missing.
    return TypeAdapter(list[kind])  # type: ignore[valid-type]  # a type only at run time


def _row(key: _Key, found: list[Any], expires_at: datetime) -> Mapping[str, Any]:
    source, language, query, limit = key
    return {
        "source": source,
        "language": language,
        "query": query,
        "most": limit,
        "found": found,
        "expires_at": expires_at,
    }


_SWEEP = """
DELETE FROM source_answers WHERE ctid IN (
    SELECT ctid FROM source_answers WHERE expires_at <= :now ORDER BY expires_at LIMIT :most FOR UPDATE SKIP LOCKED
)
"""
