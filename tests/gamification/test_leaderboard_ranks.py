"""Ranks are exact, whatever happens and whenever changes are folded."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from support.boards import Crowd, Oracle, seen

from lyo.accounts.models import User
from lyo.accounts.service import delete_user
from lyo.core.bus import in_transaction, transaction
from lyo.core.clock import now
from lyo.gamification.leaderboard import jobs, service
from lyo.gamification.leaderboard.models import LeaderboardScore
from lyo.gamification.leaderboard.values import ALL_TIME, WEEK, Place, week_begins, week_of
from lyo.gamification.values import Kind

pytestmark = pytest.mark.anyio

CONNECTIONS = 10
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
MOMENTS = (MONDAY - timedelta(microseconds=1), MONDAY, MONDAY + timedelta(days=3))


async def _delete(crowd: Crowd, learner_id: UUID) -> None:
    await in_transaction(crowd.sessions, crowd.bus, partial(delete_user, user_id=learner_id))


async def _delete_all(crowd: Crowd, learners: list[UUID]) -> None:
    for one in learners:
        await _delete(crowd, one)


async def _agree(crowd: Crowd, oracle: Oracle, drawn: random.Random) -> None:
    """What a learner sees of every board is what was counted."""
    reader = drawn.choice(list(oracle.earned))
    for board in (ALL_TIME, week_of(MONDAY)):
        limit = drawn.choice((3, 7, 100))
        assert seen(await crowd.read_all(reader, board, limit=limit)) == oracle.seen(reader, board)
        standings = await crowd.read(reader, board, limit=1)
        assert seen(standings.around_me) == oracle.around(reader, board)
        assert (standings.me is not None) == (reader in oracle.scores(board))


async def _something_happens(crowd: Crowd, oracle: Oracle, drawn: random.Random) -> None:
    one = drawn.choice(list(oracle.earned))
    match drawn.choices(("award", "opt out or in", "block", "delete", "fold"), weights=(12, 3, 1, 1, 4))[0]:
        case "award":
            moment = drawn.choice(MOMENTS)
            xp = await crowd.award(one, *drawn.choices(list(Kind), k=drawn.randint(1, 3)), moment=moment)
            oracle.earned[one].append((moment, xp))
        case "opt out or in":
            await crowd.opt_out(one, out=one not in oracle.hidden, moment=MONDAY)
            oracle.hidden ^= {one}
        case "block":
            other = drawn.choice([other for other in oracle.earned if other != one])
            await crowd.block(one, other)
            oracle.blocks.add(frozenset({one, other}))
        case "delete":
            await _delete(crowd, one)
            del oracle.earned[one]
        case _:
            await crowd.fold(drawn.choice((1, 2, 5, 1000)))


@pytest.mark.parametrize("seed", range(3))
async def test_ranks_are_those_of_a_plain_count(crowd: Crowd, seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - nothing is secret
    oracle = Oracle()
    for one in await crowd.learners(25):
        oracle.earned[one] = []
    for number in range(70):
        await _something_happens(crowd, oracle, drawn)
        if number % 5 == 0:
            await _agree(crowd, oracle, drawn)
    while await crowd.fold():
        pass
    await _agree(crowd, oracle, drawn)


@pytest.mark.parametrize("size", [1, 2, 37, 100])
async def test_pages_show_everybody_who_stays_once(crowd: Crowd, size: int) -> None:
    """A thousand learners with the same XP, while others come and go between the pages."""
    drawn = random.Random(size)  # noqa: S311 - nothing is secret
    (reader,) = await crowd.learners(1)
    staying = set(await crowd.learners(1000, xp=50))
    passing = await crowd.learners(100, xp=50)
    found: list[UUID] = []
    after: Place | None = None
    while places := await crowd.places(reader, limit=size, after=after):
        found += [place.user_id for place in places]
        after = places[-1]
        if drawn.random() < size / 30:
            await crowd.learners(5, xp=drawn.choice((50, 50, 40)))
            async with transaction(crowd.sessions, crowd.bus) as session:
                gone = [passing.pop() for _ in range(min(5, len(passing)))]
                await session.execute(delete(User).where(User.id.in_(gone)))
            await crowd.fold()
    shown = [one for one in found if one in staying]
    assert sorted(shown) == sorted(staying)
    assert len(set(found)) == len(found)


async def _earn(crowd: Crowd, oracle: Oracle, one: UUID, connections: asyncio.Semaphore) -> None:
    drawn = random.Random(one.int)  # noqa: S311 - nothing is secret
    for _ in range(4):
        kinds = drawn.choices((Kind.ITEM_COMPLETED, Kind.QUESTION_RIGHT, Kind.COURSE_COMPLETED), k=2)
        async with connections:
            oracle.earned[one].append((MONDAY, await crowd.award(one, *kinds, moment=MONDAY)))
        if drawn.random() < 1 / 4:
            for out in (True, False):
                async with connections:
                    await crowd.opt_out(one, out=out, moment=MONDAY)


async def test_a_rank_is_exact_while_everything_happens_at_once(crowd: Crowd) -> None:
    """Fifty learners earn, others leave, come back and are deleted, and two workers fold: nobody waits in a circle."""
    staying, leaving = await crowd.learners(50), await crowd.learners(15, xp=10)
    oracle = Oracle({one: [] for one in staying})
    is_over = asyncio.Event()

    async def fold() -> None:
        while not is_over.is_set():
            await crowd.fold(7)

    async def read() -> None:
        while not is_over.is_set():
            standings = await crowd.read(staying[0])
            ranks = [1 + sum(other.xp > one.xp for other in standings.items) for one in standings.items]
            assert [entry.rank for entry in standings.items] == ranks

    connections = asyncio.Semaphore(CONNECTIONS)  # the pool has more, for all the others here
    beside = [asyncio.create_task(work) for work in (fold(), fold(), read())]
    await asyncio.gather(*(_earn(crowd, oracle, one, connections) for one in staying), _delete_all(crowd, leaving))
    is_over.set()
    await asyncio.gather(*beside)
    for _ in range(2):
        for board in (ALL_TIME, week_of(MONDAY)):
            assert seen((await crowd.read(staying[0], board)).items) == oracle.seen(staying[0], board)
        while await crowd.fold():
            pass
    assert (await crowd.counts())[2] == 0


async def test_many_who_leave_in_one_statement_are_counted(crowd: Crowd) -> None:
    """Foreign keys delete for each of them; changes of scores by any statement count as well."""
    (reader, *others) = await crowd.learners(300, xp=64)
    gone = await crowd.learners(200, xp=4096)
    await crowd.fold()
    assert await crowd.rank(reader) == 201
    async with transaction(crowd.sessions, crowd.bus) as session:
        await session.execute(delete(User).where(User.id.in_(gone[:150])))
        await session.execute(update(LeaderboardScore).where(LeaderboardScore.user_id.in_(others[:10])).values(xp=65))
    assert await crowd.rank(reader) == 61
    async with transaction(crowd.sessions, crowd.bus) as session:
        await session.execute(delete(User).where(User.id != reader))
    while await crowd.fold(3):
        assert await crowd.rank(reader) == 1
    # One score, and a bucket of each level.
    assert await crowd.counts() == (1, 4, 0)


async def test_boards_of_weeks_that_are_over_go_with_their_tallies(crowd: Crowd) -> None:
    this, last, old = (week_of(MONDAY - weeks * WEEK) for weeks in range(3))
    (reader,) = await crowd.learners(1, xp=10)
    for board in (this, last, old):
        await crowd.learners(5, xp=20, board=board)
    await crowd.fold()
    forgotten: list[int] = []
    for _ in range(4):
        async with transaction(crowd.sessions, crowd.bus) as session:
            forgotten.append(await service.forget_weeks(session, moment=MONDAY, at_most=3))
    assert forgotten == [3, 2, 0, 0]
    await crowd.fold()
    assert await crowd.counts() == (11, 12, 0)
    assert not (await crowd.read(reader, old)).items
    assert len((await crowd.read(reader, last)).items) == 5


async def test_the_rounds_of_the_worker_go_on(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "FOLD_EVERY", timedelta(milliseconds=10))
    monkeypatch.setattr(jobs, "AT_ONCE", 2)
    (reader,) = await crowd.learners(1, xp=10)
    await crowd.learners(5, xp=20, board=week_of(now() - 5 * WEEK))
    rounds = (jobs.fold_for_ever(crowd.sessions, crowd.bus), jobs.forget_weeks_for_ever(crowd.sessions, crowd.bus))
    working = [asyncio.create_task(work) for work in rounds]
    async with asyncio.timeout(10):
        while await crowd.counts() != (1, 4, 0):  # noqa: ASYNC110 - the rounds tell nobody
            await asyncio.sleep(0.01)
    assert await crowd.rank(reader) == 1
    for work in working:
        assert not work.done()
        work.cancel()
    await asyncio.gather(*working, return_exceptions=True)


def test_weeks_are_those_of_the_calendar() -> None:
    assert week_of(MONDAY - timedelta(microseconds=1)) == "2026-W48"
    assert week_of(MONDAY) == "2026-W49"
    assert week_of(datetime(2027, 1, 3, 23, 59, tzinfo=UTC)) == "2026-W53"
    assert week_of(datetime(2027, 1, 4, tzinfo=UTC)) == "2027-W01"
    tokyo = datetime.fromisoformat("2026-11-30T05:00:00+09:00")
    assert week_of(tokyo) == "2026-W48"
    assert week_begins(MONDAY + timedelta(days=6, hours=23)) == MONDAY
