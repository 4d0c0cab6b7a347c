"""The changes of a task, in order, without gap or repeat.

Watch first, then read the numbered log, then wait: what a ring announces is always read from PostgreSQL, so a ring
that is lost, doubled or late costs time and nothing else.
"""

from collections.abc import AsyncIterator

from lyo.core.db import SessionMaker
from lyo.core.watch import Watch
from lyo.tasks.service import changes_after, get_task_unscoped
from lyo.tasks.values import TaskChange, TaskView
from lyo.tasks.watching import CHANGES


async def changes(
    sessions: SessionMaker, watch: Watch, task: TaskView, *, after: int | None
) -> AsyncIterator[TaskChange]:
    """Yield what a client that has seen change number `after` has not, until the task ends.

    Without `after`, and with one that is ahead of the task, it begins with the present state. Raises `TaskNotFound`
    when the task is deleted.
    """
    with watch.watching(CHANGES, task.id) as changed:
        if after is None or after > task.seq:
            yield _present(task)
            after = task.seq
        ended = task.state.is_final
        while True:
            changed.clear()
            # No session is held while the socket waits.
            async with sessions() as session:
                newer = await changes_after(session, task_id=task.id, seq=after)
                if not newer:
                    await get_task_unscoped(session, task_id=task.id)
            for change in newer:
                yield change
                after, ended = change.seq, change.state.is_final
            if ended:
                return
            await changed.wait()


def _present(task: TaskView) -> TaskChange:
    return TaskChange(
        seq=task.seq,
        state=task.state,
        progress_pct=task.progress_pct,
        message=task.message,
        error_code=task.error_code,
        result_course_id=task.result_course_id,
    )
