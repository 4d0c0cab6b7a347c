"""Every SQL statement about tasks outside of the machine."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, literal, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.pagination import Page, PageRequest, Position, cut_page, newest_first
from lyo.tasks.models import Task, TaskEvent


async def task_of(session: AsyncSession, *, owner_id: UUID, task_id: UUID) -> Task | None:
    """The owner's task with this id."""
    return await session.scalar(select(Task).where(Task.id == task_id, Task.user_id == owner_id))


async def task_unscoped(session: AsyncSession, *, task_id: UUID) -> Task | None:
    """The task with this id, whoever it belongs to: for the anonymous view of a socket."""
    return await session.get(Task, task_id)


async def tasks_by_id(session: AsyncSession, *, owner_id: UUID, task_ids: Sequence[UUID]) -> Sequence[Task]:
    """Those of the owner's tasks that have one of these ids, in no order."""
    return (await session.scalars(select(Task).where(Task.user_id == owner_id, Task.id.in_(task_ids)))).all()


async def page_of_tasks(session: AsyncSession, *, owner_id: UUID, page: PageRequest) -> Page[Task]:
    """A page of the owner's tasks, newest first."""
    owned = select(Task).where(Task.user_id == owner_id)
    statement = newest_first(owned, created_at=Task.created_at, identifier=Task.id, page=page)
    rows = (await session.scalars(statement)).all()
    return cut_page(rows, limit=page.limit, position=lambda task: Position(task.created_at, task.id))


async def lock_promises(session: AsyncSession, *, owner_id: UUID) -> None:
    """Until the end of this transaction nobody else promises anything to this user; other users do not wait.

    Not the user's row: every insert that refers to it holds a share of it, and two of them would wait for each other.
    """
    key = func.hashtextextended(f"promises:{owner_id}", literal_column("0"))
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def count_open(session: AsyncSession, *, owner_id: UUID) -> int:
    """How many of the owner's tasks have not ended."""
    # The states stand in the statement, so that the partial index is found for a prepared one too.
    is_open = text("state IN ('PENDING', 'RUNNING')")
    return await session.scalar(select(func.count()).select_from(Task).where(Task.user_id == owner_id, is_open)) or 0


async def count_waiting(session: AsyncSession, *, at_most: int) -> int:
    """How many tasks of all users wait for a worker; it counts no further than `at_most`."""
    waiting = select(literal(1)).select_from(Task).where(text("state = 'PENDING'")).limit(at_most).subquery()
    return await session.scalar(select(func.count()).select_from(waiting)) or 0


async def events_after(session: AsyncSession, *, task_id: UUID, seq: int) -> Sequence[TaskEvent]:
    """The events of a task that are newer than `seq`, oldest first."""
    statement = select(TaskEvent).where(TaskEvent.task_id == task_id, TaskEvent.seq > seq).order_by(TaskEvent.seq)
    return (await session.scalars(statement)).all()


async def latest_seqs(session: AsyncSession, task_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The number of the latest event of each of these tasks."""
    rows = await session.execute(select(Task.id, Task.seq).where(Task.id.in_(task_ids)))
    return {row.id: row.seq for row in rows}
