"""Tasks as their owners see them."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy import func
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.errors import Conflict
from lyo.core.jobs import JobRef, enqueue
from lyo.core.pagination import Page, PageRequest
from lyo.tasks import machine, repo
from lyo.tasks.errors import TaskNotFound
from lyo.tasks.models import Task, TaskEvent
from lyo.tasks.values import TaskChange, TaskState, TaskView


async def count_open_exactly(session: AsyncSession, *, owner_id: UUID) -> int:
    """How many of the owner's tasks have not ended, and until this transaction ends none is added by another.

    Raises `Conflict` when others of the owner's requests take too long.
    """
    try:
        await repo.lock_promises(session, owner_id=owner_id)
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            detail = "Other requests of yours are being worked on; repeat this one in a moment."
            raise Conflict(detail, headers={"Retry-After": "1"}) from None
        raise
    return await repo.count_open(session, owner_id=owner_id)


async def count_waiting(session: AsyncSession, *, at_most: int) -> int:
    """How many tasks of all learners wait for a worker, or `at_most` if there are more."""
    return await repo.count_waiting(session, at_most=at_most)


async def create_task(
    session: AsyncSession, *, task_id: UUID, owner_id: UUID, job: JobRef, idempotency_key: str, course_id: UUID
) -> None:
    """Promise that `job` will be done: the task, its first event and the call of a worker, in one transaction."""
    session.add(
        Task(
            id=task_id,
            user_id=owner_id,
            idempotency_key=idempotency_key,
            job=job.name,
            provisional_course_id=course_id,
            due_at=func.now() + machine.CALL_AGAIN,
            deadline_at=func.now() + machine.LONGEST_WAIT,
        )
    )
    await session.flush()  # the event refers to the task
    session.add(TaskEvent(task_id=task_id, seq=1, state=TaskState.PENDING, progress_pct=0))
    await enqueue(session, job, subject_id=task_id)


async def get_task(session: AsyncSession, *, owner_id: UUID, task_id: UUID) -> TaskView:
    """The owner's task; raises `TaskNotFound`."""
    task = await repo.task_of(session, owner_id=owner_id, task_id=task_id)
    if task is None:
        raise TaskNotFound
    return _view(task)


async def get_task_unscoped(session: AsyncSession, *, task_id: UUID) -> TaskView:
    """Anybody's task: its random id is the capability; raises `TaskNotFound`."""
    task = await repo.task_unscoped(session, task_id=task_id)
    if task is None:
        raise TaskNotFound
    return _view(task)


async def get_tasks(session: AsyncSession, *, owner_id: UUID, task_ids: Sequence[UUID]) -> dict[UUID, TaskView]:
    """Those of the owner's tasks that have one of these ids."""
    tasks = await repo.tasks_by_id(session, owner_id=owner_id, task_ids=task_ids)
    return {task.id: _view(task) for task in tasks}


async def list_tasks(session: AsyncSession, *, owner_id: UUID, page: PageRequest) -> Page[TaskView]:
    """A page of the owner's tasks, newest first: an app that was killed finds its running ones here."""
    found = await repo.page_of_tasks(session, owner_id=owner_id, page=page)
    return Page(items=[_view(task) for task in found.items], next=found.next)


async def cancel_if_open(session: AsyncSession, *, task_id: UUID) -> None:
    """Stop a task whose owner wants its course no more; one that has ended stays as it is."""
    await machine.end_as_error(session, task_id=task_id, code="cancelled", message="You deleted the course.")


async def cancel_task(session: AsyncSession, *, owner_id: UUID, task_id: UUID) -> TaskView:
    """Stop the owner's task and return what it is now; one that has ended stays as it is. Raises `TaskNotFound`."""
    before = await get_task(session, owner_id=owner_id, task_id=task_id)
    if before.state.is_final:
        return before
    await machine.end_as_error(session, task_id=task_id, code="cancelled", message="You stopped this.")
    session.expire_all()
    return await get_task(session, owner_id=owner_id, task_id=task_id)


async def changes_after(session: AsyncSession, *, task_id: UUID, seq: int) -> list[TaskChange]:
    """The changes of a task that came after number `seq`, oldest first. Who asks was admitted before."""
    return [
        TaskChange(
            seq=event.seq,
            state=TaskState(event.state),
            progress_pct=event.progress_pct,
            message=event.message,
            error_code=event.error_code,
            result_course_id=event.result_course_id,
        )
        for event in await repo.events_after(session, task_id=task_id, seq=seq)
    ]


def _view(task: Task) -> TaskView:
    return TaskView(
        id=task.id,
        seq=task.seq,
        state=TaskState(task.state),
        progress_pct=task.progress_pct,
        message=task.message,
        error_code=task.error_code,
        provisional_course_id=task.provisional_course_id,
        result_course_id=task.result_course_id,
        created_at=task.created_at,
        updated_at=task.updated_at,
    )
