from uuid import uuid4

import pytest
from sqlalchemy import delete, func, insert, select, text

from lyo.core.db import SessionMaker, a_few
from lyo.core.jobs import OutboxRow

pytestmark = pytest.mark.anyio

# So that the planner does what it may do of itself for tables of another size: look the subquery up for each row.
OTHER_WAYS = ("hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize")


async def _with_jobs(sessions: SessionMaker, count: int) -> None:
    async with sessions.begin() as session:
        rows = [{"job": "nothing.do", "args": {"subject_id": str(uuid4())}} for _ in range(count)]
        await session.execute(insert(OutboxRow), rows)


async def test_a_few_are_no_more_whatever_the_plan(sessions: SessionMaker) -> None:
    await _with_jobs(sessions, 40)
    async with sessions.begin() as session:
        for way in OTHER_WAYS:
            await session.execute(text(f"SET LOCAL enable_{way} = off"))
        oldest = select(OutboxRow.id).order_by(OutboxRow.id)
        taken = await session.scalars(
            delete(OutboxRow).where(OutboxRow.id.in_(a_few(oldest, 3))).returning(OutboxRow.id)
        )
        assert len(taken.all()) == 3
        assert await session.scalar(select(func.count()).select_from(OutboxRow)) == 37


async def test_a_few_are_nobody_elses(sessions: SessionMaker) -> None:
    await _with_jobs(sessions, 5)
    chosen = a_few(select(OutboxRow.id).order_by(OutboxRow.id), 3)
    async with sessions.begin() as one, sessions.begin() as other:
        first = set(await one.scalars(chosen))
        second = set(await other.scalars(chosen))
    assert (len(first), len(second)) == (3, 2)
    assert not first & second
