"""A million learners and a million feed items, and what the statements of the app take on them: `make bench-data`.

The statements are those that the app sends: they are heard on their way to the database, and sent again after
EXPLAIN (ANALYZE, BUFFERS).
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import psycopg
from alembic import command
from sqlalchemy import delete, event, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lyo.core.bus import Bus
from lyo.core.clock import now
from lyo.core.db import SessionMaker, make_engine, make_sessions
from lyo.core.pagination import PageRequest, Position
from lyo.core.schema import alembic_config
from lyo.feeds.models import FeedItem
from lyo.feeds.service import read_feed
from lyo.gamification.leaderboard import jobs
from lyo.gamification.leaderboard.models import LeaderboardScore
from lyo.gamification.leaderboard.service import keep_up, read_board
from lyo.gamification.leaderboard.values import ALL_TIME, BoardRequest, Place, week_of
from lyo.local.temporary import temporary_servers
from support.bench_rows import Crowd, crowd, load, make_private
from support.settings import plain_settings

LIMIT_MS: Final = 10.0
"""For planning and running all statements of one answer."""
LATE: Final = 1.5
"""A late page may take so many times what the first one does."""
RUNS: Final = 11
PAGE_10_000: Final = 200_000
"""The row with which it begins, with pages of 20."""

Read = Callable[[AsyncSession], Awaitable[object]]
Statement = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one answer takes of the database."""

    what: str
    ms: float
    quickest_ms: float
    rows: int
    buffers: int
    nodes: Sequence[str]
    plans: Sequence[str]


def say(line: str) -> None:
    """Print it at once: the next takes its time."""
    print(line, flush=True)  # noqa: T201 - a program


class Bench:
    """Measures on one database, and keeps what was measured."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._sessions = make_sessions(engine)
        self._heard: list[Statement] = []
        self.measured: list[Measured] = []
        event.listen(engine.sync_engine, "before_cursor_execute", self._hear)

    def _hear(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        self._heard.append((statement, parameters))

    async def measure(self, **reads: Read) -> list[Measured]:
        """Run what reads once to hear its statements, and explain them several times, each in turn."""
        heard = {what: await self._statements(read) for what, read in reads.items()}
        found: dict[str, list[Sequence[Mapping[str, Any]]]] = {what: [] for what in reads}
        for _ in range(RUNS + 1):
            for what, statements in heard.items():
                found[what].append(await self._explained(statements))
        return [await self._keep(what, heard[what], runs[1:]) for what, runs in found.items()]

    async def _statements(self, read: Read) -> Sequence[Statement]:
        async with self._sessions() as session:
            self._heard.clear()
            await read(session)
            return list(self._heard)

    async def _explained(self, statements: Sequence[Statement], form: str = "JSON") -> Sequence[Any]:
        """The plans of all, one after the other in a transaction that is rolled back."""
        async with self._engine.connect() as connection:
            asked = [
                await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT {form}) {statement}", parameters)
                for statement, parameters in statements
            ]
        rows = [answer.scalars().all() for answer in asked]
        return [plan[0][0] if form == "JSON" else "\n".join(plan) for plan in rows]

    async def _keep(
        self, what: str, heard: Sequence[Statement], runs: Sequence[Sequence[Mapping[str, Any]]]
    ) -> Measured:
        tops = [plan["Plan"] for plan in runs[-1]]
        times = [sum(plan["Planning Time"] + plan["Execution Time"] for plan in run) for run in runs]
        measured = Measured(
            what=what,
            ms=statistics.median(times),
            quickest_ms=min(times),
            rows=round(sum(top["Actual Rows"] for top in tops)),
            buffers=sum(top["Shared Hit Blocks"] + top["Shared Read Blocks"] for top in tops),
            nodes=sorted({node for top in tops for node in _scans(top)}),
            plans=await self._explained(heard, "TEXT"),
        )
        self.measured.append(measured)
        took = f"{measured.ms:7.2f} ms ({measured.quickest_ms:5.2f} at best)"
        figures = f"{took} {measured.rows:5} rows {measured.buffers:5} pages"
        say(f"{what:<58} {figures}  {'; '.join(measured.nodes)}")
        return measured


def _is_quick(first: Measured, late: Measured) -> bool:
    """By the quickest run of each: whatever else the machine does only adds to a time."""
    return late.quickest_ms <= LATE * first.quickest_ms


def _scans(plan: Mapping[str, Any]) -> Iterator[str]:
    """What is read, and how."""
    if "Scan" in plan["Node Type"] and ("Index Name" in plan or "Relation Name" in plan):
        yield f"{plan['Node Type']} {plan.get('Index Name', plan.get('Relation Name'))}"
    for below in plan.get("Plans", ()):
        yield from _scans(below)


async def boards(bench: Bench, sessions: SessionMaker, people: Crowd) -> list[bool]:
    """Measure the leaderboards; gives for each late page whether it is quick enough."""
    owner_id, held = UUID(people.typical), list[bool]()
    for name, board in (("week", week_of(people.moment)), ("all", ALL_TIME)):

        def reading(limit: int, after: Place | None, board: str = board) -> Read:
            page = BoardRequest(limit=limit, after=after)
            return lambda session: read_board(session, owner_id=owner_id, board=board, page=page)

        for limit, row, called in ((20, PAGE_10_000, "10,000"), (100, len(people.ids) - 200, "last but one")):
            place = await _place(sessions, board, row)
            pages = {f"page 1 of {limit}": reading(limit, None), f"page {called} of {limit}": reading(limit, place)}
            both = {f"{name}: {page}, own rank, neighbours": read for page, read in pages.items()}
            held.append(_is_quick(*await bench.measure(**both)))
    return held


async def _place(sessions: SessionMaker, board: str, row: int) -> Place:
    order = (LeaderboardScore.xp.desc(), LeaderboardScore.user_id)
    found = select(LeaderboardScore.xp, LeaderboardScore.user_id).where(LeaderboardScore.board == board)
    async with sessions() as session:
        return Place(*(await session.execute(found.order_by(*order).offset(row - 1).limit(1))).one())


async def feeds(bench: Bench, sessions: SessionMaker, readers: Mapping[str, UUID], *, late: int) -> list[bool]:
    """Measure the feed of each reader, and its page that begins after so many public items."""
    async with sessions() as session:
        found = select(FeedItem.created_at, FeedItem.id).where(FeedItem.is_public)
        order = (FeedItem.created_at.desc(), FeedItem.id.desc())
        row = (await session.execute(found.order_by(*order).offset(late - 1).limit(1))).one()
    held: list[bool] = []
    for name, owner_id in readers.items():

        def reading(after: Position | None, owner_id: UUID = owner_id) -> Read:
            page = PageRequest(limit=20, after=after)
            return lambda session: read_feed(session, owner_id=owner_id, page=page)

        pages = {"page 1": reading(None), f"page {late // 20:,}": reading(Position(*row))}
        held.append(
            _is_quick(*await bench.measure(**{f"feed of {name}: {page}": read for page, read in pages.items()}))
        )
    return held


async def measure(database_url: str, redis_url: str, people: Crowd, *, plans: bool) -> int:
    """Measure everything; gives the exit code."""
    engine = make_engine(database_url, application_name="lyo-bench", patient=True)
    sessions, bus, bench = make_sessions(engine), Bus(redis_url), Bench(engine)
    readers = {
        "a typical learner": UUID(people.typical),
        "one without items": UUID(people.silent),
        "one with 10,000 own items": UUID(people.diligent),
        "one who has blocked 500 authors": UUID(people.sensitive),
    }
    try:
        say("\nBefore anything is folded, as with a worker that is away:")
        await boards(bench, sessions, people)
        count = len(bench.measured)
        began = time.monotonic()
        while await jobs.fold_once(sessions, bus):
            pass
        say(f"\nFolded in {time.monotonic() - began:.1f} s. From here on a figure above {LIMIT_MS} ms is a failure:")
        held = await boards(bench, sessions, people)
        owner_id = UUID(people.typical)

        async def award(session: AsyncSession) -> None:
            await session.execute(delete(LeaderboardScore).where(LeaderboardScore.user_id == owner_id))
            await keep_up(session, owner_id=owner_id, moment=people.moment)

        await bench.measure(**{"off the boards and back, with the trigger": award})
        held += await feeds(bench, sessions, readers, late=PAGE_10_000)
        say("\nWith 99.9 % of all items private:")
        make_private(_plain(database_url))
        held += await feeds(bench, sessions, readers, late=800)
    finally:
        await bus.aclose()
        await engine.dispose()
    if plans:
        for one in bench.measured[count:]:
            say(f"\n### {one.what}\n" + "\n\n".join(one.plans))
    slow = [one.what for one in bench.measured[count:] if one.ms > LIMIT_MS]
    late = held.count(False)
    say(f"\nToo slow: {', '.join(slow) or 'nothing'}. Late pages that took {LATE} times the first or more: {late}.")
    return 1 if slow or not all(held) else 0


def _plain(database_url: str) -> str:
    return database_url.replace("+psycopg", "")


def main() -> int:
    """Make the data, and measure."""
    parser = argparse.ArgumentParser(description="What statements take on a million learners and a million items.")
    parser.add_argument("--count", type=int, default=1_000_000, help="Of learners, and of items.")
    parser.add_argument("--plans", action="store_true", help="Print every plan.")
    asked = parser.parse_args()
    with temporary_servers() as servers:
        url = plain_settings(database_url=servers.database_url).require_database_url()
        command.upgrade(alembic_config(url), "head")
        began = time.monotonic()
        people = crowd(asked.count, now())
        with psycopg.connect(servers.database_url) as connection:
            load(connection, people, items=asked.count)
        loaded = time.monotonic()
        with psycopg.connect(servers.database_url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
        say(
            f"Made {asked.count:,} learners and as many items in {loaded - began:.0f} s, "
            f"and cleaned up after in {time.monotonic() - loaded:.0f} s."
        )
        return asyncio.run(measure(url, servers.redis_url, people, plans=asked.plans))


if __name__ == "__main__":
    sys.exit(main())
