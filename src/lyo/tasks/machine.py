"""The task machine: claim, renew, advance, end, sweep.

PENDING ── claim ──> RUNNING ── finish ──> DONE
   │                  │  ▲
   │                  │  └── claim again, when the lease has run out
   └──── fail ────────┴──> ERROR

Every write of a worker names its fence, in one statement with the condition that the task is still its own. A
worker that was stopped past its lease and wakes up changes nothing and gets `LeaseLost`. Times are those of the
database, so that the clocks of hosts need not agree.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, Update, case, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.bus import ring_after_commit
from lyo.core.db import a_few
from lyo.core.jobs import JobRef, enqueue, enqueue_all
from lyo.tasks.errors import ErrorCode, LeaseLost
from lyo.tasks.models import Task, TaskEvent, TaskStep
from lyo.tasks.values import Claim, TaskState
from lyo.tasks.watching import CHANGES

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LEASE: Final = timedelta(seconds=20)
RENEW_EVERY: Final = timedelta(seconds=5)
SWEEP_EVERY: Final = timedelta(seconds=2)
"""Recovery after a kill takes at most a lease and a sweep: 22 s."""

CALL_AGAIN: Final = timedelta(seconds=10)
"""A PENDING task that nobody claimed is sent to the broker again after this; a message too many is dropped."""
STUMBLE_PAUSE: Final = timedelta(seconds=2)
LONGEST_CALL: Final = timedelta(minutes=1)
DEADLINE: Final = timedelta(minutes=30)
"""From the first claim to the end."""
LONGEST_WAIT: Final = timedelta(hours=12)
"""From the promise to the first claim: a night without a worker is survived."""
MAXIMUM_ATTEMPTS: Final = 5
"""Claims of a task that finish no step, before it is given up."""

_FAILED_OFTEN: Final = "This failed several times. Please try again."
_OPEN: Final = (TaskState.PENDING, TaskState.RUNNING)
_LEASED: Final[dict[str, Any]] = {"lease_until": func.now() + LEASE, "due_at": func.now() + LEASE}


async def claim(session: AsyncSession, *, task_id: UUID, owner: str) -> Claim | None:
    """Take the task for `LEASE`, or None: it has ended, or somebody works on it."""
    taken = (
        await session.execute(
            update(Task)
            .where(
                Task.id == task_id,
                (Task.state == TaskState.PENDING)
                | ((Task.state == TaskState.RUNNING) & (Task.lease_until <= func.now())),
            )
            .values(
                fence=Task.fence + 1,
                attempts=Task.attempts + 1,
                lease_owner=owner,
                **_LEASED,
                state=TaskState.RUNNING,
                seq=Task.seq + 1,
                deadline_at=case((Task.state == TaskState.PENDING, func.now() + DEADLINE), else_=Task.deadline_at),
                message=case((Task.state == TaskState.PENDING, literal("Getting started…")), else_=Task.message),
                updated_at=func.now(),
            )
            .returning(Task)
        )
    ).scalar_one_or_none()
    if taken is None:
        return None
    await _record(session, taken)
    assert taken.provisional_course_id is not None
    return Claim(
        task_id=taken.id,
        fence=taken.fence,
        attempts=taken.attempts,
        user_id=taken.user_id,
        course_id=taken.provisional_course_id,
    )


async def renew(session: AsyncSession, claimed: Claim) -> None:
    """Hold the task for another `LEASE`; raises `LeaseLost`, also when the learner has cancelled it."""
    await _own(session, claimed, update(Task).values(**_LEASED))


async def advance(
    session: AsyncSession,
    claimed: Claim,
    *,
    step: str,
    output: Mapping[str, Any],
    progress_pct: int,
    message: str,
) -> None:
    """Write down that a step is finished, and tell the learner; raises `LeaseLost`.

    Belongs into the transaction that writes what the step made.
    """
    task = await _own(
        session,
        claimed,
        update(Task).values(
            seq=Task.seq + 1,
            progress_pct=func.greatest(Task.progress_pct, progress_pct),
            message=message,
            attempts=0,
            **_LEASED,
            updated_at=func.now(),
        ),
    )
    await session.execute(insert(TaskStep).values(task_id=task.id, name=step, output=dict(output), fence=claimed.fence))
    await _record(session, task)


async def finish(session: AsyncSession, claimed: Claim, *, message: str) -> None:
    """End the task as DONE with its course as the result; raises `LeaseLost`."""
    ended = _ending(TaskState.DONE, message=message).values(
        progress_pct=100, result_course_id=Task.provisional_course_id
    )
    await _record(session, await _own(session, claimed, ended))


async def fail(session: AsyncSession, claimed: Claim, *, code: ErrorCode, message: str) -> None:
    """End the task as ERROR with a stable code and a message for the learner; raises `LeaseLost`."""
    ended = _ending(TaskState.ERROR, message=message).values(error_code=code)
    await _record(session, await _own(session, claimed, ended))


async def release(session: AsyncSession, claimed: Claim) -> None:
    """Give the task back, so that another worker takes it at once; raises `LeaseLost`."""
    given_back = update(Task).values(
        lease_until=func.now(), due_at=func.now() + CALL_AGAIN, attempts=func.greatest(Task.attempts - 1, 0)
    )
    task = await _own(session, claimed, given_back)
    await enqueue(session, JobRef(task.job), subject_id=task.id)


async def stumble(session: AsyncSession, claimed: Claim) -> None:
    """Let the task be tried again a little later, or give it up if it was tried too often; raises `LeaseLost`."""
    # Counted by the row: a step that was finished since the claim has begun the count anew.
    task = await _own(session, claimed, update(Task).values(lease_until=func.now(), due_at=func.now() + STUMBLE_PAUSE))
    if task.attempts >= MAXIMUM_ATTEMPTS:
        await fail(session, claimed, code="internal_error", message=_FAILED_OFTEN)


async def finished_steps(session: AsyncSession, claimed: Claim) -> dict[str, dict[str, Any]]:
    """The steps that are done, by name, with what they left for later ones."""
    rows = await session.execute(select(TaskStep.name, TaskStep.output).where(TaskStep.task_id == claimed.task_id))
    return {row.name: row.output for row in rows}


async def sweep(session: AsyncSession, *, limit: int = 100) -> int:
    """Take care of open tasks that are due, and return how many: give up, or call a worker again.

    Whatever was lost (a worker, a message, all of Redis), this finds it.
    """
    return await _give_up(session, limit=limit) + await _call_again(session, limit=limit)


async def _give_up(session: AsyncSession, *, limit: int) -> int:
    late = Task.deadline_at <= func.now()
    # A lease that is renewed puts off `due_at`, but not the deadline.
    hopeless = _among_open(limit, late | ((Task.due_at <= func.now()) & (Task.attempts >= MAXIMUM_ATTEMPTS)))
    ended = _ending(
        TaskState.ERROR, message=case((late, "This took too long. Please try again."), else_=_FAILED_OFTEN)
    ).values(error_code=case((late, "deadline_exceeded"), else_="worker_lost"), fence=Task.fence + 1)
    tasks = (await session.scalars(ended.where(Task.id.in_(hopeless)).returning(Task))).all()
    for task in tasks:
        log.error("task.given_up", task_id=str(task.id), code=task.error_code, attempts=task.attempts)
    await _record(session, *tasks)
    return len(tasks)


async def _call_again(session: AsyncSession, *, limit: int) -> int:
    # Each call waits as long as the task is old, so a long queue is not flooded with second messages.
    pause = func.least(func.greatest(func.now() - Task.created_at, CALL_AGAIN), LONGEST_CALL)
    called = (
        update(Task)
        .where(Task.id.in_(_among_open(limit, (Task.due_at <= func.now()) & (Task.attempts < MAXIMUM_ATTEMPTS))))
        .values(due_at=func.now() + pause)
        .returning(Task)
    )
    tasks = (await session.scalars(called)).all()
    for task in tasks:
        log.info("task.called_again", task_id=str(task.id), state=task.state, attempts=task.attempts)
    await enqueue_all(session, [(JobRef(task.job), task.id) for task in tasks])
    return len(tasks)


def _among_open(limit: int, condition: ColumnElement[bool]) -> Select[UUID]:
    return a_few(select(Task.id).where(Task.state.in_(_OPEN), condition).order_by(Task.due_at), limit)


async def end_as_error(session: AsyncSession, *, task_id: UUID, code: ErrorCode, message: str) -> bool:
    """End an open task whoever works on it; False if it had ended already."""
    ended = _ending(TaskState.ERROR, message=message).values(error_code=code, fence=Task.fence + 1)
    statement = ended.where(Task.id == task_id, Task.state.in_(_OPEN)).returning(Task)
    task = (await session.execute(statement)).scalar_one_or_none()
    if task is None:
        return False
    await _record(session, task)
    return True


def _ending(state: TaskState, *, message: str | ColumnElement[str]) -> Update:
    return update(Task).values(
        state=state,
        message=message,
        seq=Task.seq + 1,
        lease_owner=None,
        lease_until=None,
        updated_at=func.now(),
        finished_at=func.now(),
    )


async def _own(session: AsyncSession, claimed: Claim, change: Update) -> Task:
    statement = change.where(
        Task.id == claimed.task_id, Task.fence == claimed.fence, Task.state == TaskState.RUNNING
    ).returning(Task)
    task = (await session.execute(statement, execution_options={"populate_existing": True})).scalar_one_or_none()
    if task is None:
        raise LeaseLost
    return task


async def _record(session: AsyncSession, *tasks: Task) -> None:
    events = [
        {
            "task_id": task.id,
            "seq": task.seq,
            "state": task.state,
            "progress_pct": task.progress_pct,
            "message": task.message,
            "error_code": task.error_code,
            "result_course_id": task.result_course_id,
        }
        for task in tasks
    ]
    if events:
        await session.execute(insert(TaskEvent), events)
    for task in tasks:
        ring_after_commit(session, CHANGES.channel(task.id))
