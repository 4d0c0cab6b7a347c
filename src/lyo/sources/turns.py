"""One request at a time, over all processes, and a rest after each."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.sources.models import SourceTurn
from lyo.sources.protocol import SourceUnavailable

LOOK_EVERY_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of one source. Times are in seconds."""

    source: str
    every: float
    """From the beginning of one request to that of the next."""
    held: float
    """The longest request: what a process that died does not give back is free after it."""
    patience: float
    """How long one waits for its turn."""


@asynccontextmanager
async def turn(turns: Turns, sessions: SessionMaker) -> AsyncGenerator[None]:
    """Wait for a turn and hold it; raises `SourceUnavailable` when it does not come in time."""
    until = now() + timedelta(seconds=turns.patience)
    while (held := await _take(turns, sessions)) is None:
        if now() >= until:
            raise SourceUnavailable(f"Too many ask {turns.source} at once.")
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    began = now()
    try:
        yield
    finally:
        rest = max(0.0, turns.every - (now() - began).total_seconds())
        await asyncio.shield(_give_back(turns, sessions, held, rest))


async def _take(turns: Turns, sessions: SessionMaker) -> datetime | None:
    """Until when it is held, if it is."""
    until = func.now() + timedelta(seconds=turns.held)
    taken = insert(SourceTurn).values(source=turns.source, free_at=until)
    taken = taken.on_conflict_do_update(
        index_elements=[SourceTurn.source],
        set_={"free_at": until},
        where=SourceTurn.free_at <= func.now(),
    )
    async with sessions.begin() as session:
        return await session.scalar(taken.returning(SourceTurn.free_at))


async def _give_back(turns: Turns, sessions: SessionMaker, held: datetime, rest: float) -> None:
    """Unless it was held too long, and is another's by now."""
    async with sessions.begin() as session:
        await session.execute(
            update(SourceTurn)
            .where(SourceTurn.source == turns.source, SourceTurn.free_at == held)
            .values(free_at=func.now() + timedelta(seconds=rest))
        )
