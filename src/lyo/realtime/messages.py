"""What a socket says."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from lyo.tasks.values import TaskChange, TaskState
from lyo.web.schemas import OPTIONAL, CamelModel


class ProgressMessage(CamelModel):
    """A change of a task, for its owner."""

    seq: int
    state: TaskState
    progress_pct: Annotated[int, Field(ge=0, le=100)]
    message: str | None
    result_id: UUID | None
    error_code: Annotated[str | None, OPTIONAL] = None


class AnonymousMessage(CamelModel):
    """A change of a task, for whoever knows its id and nothing else."""

    seq: int
    state: TaskState
    progress_pct: Annotated[int, Field(ge=0, le=100)]


def message_for(change: TaskChange, *, owner: bool) -> ProgressMessage | AnonymousMessage:
    """The message about `change`, with no more in it than its reader may know."""
    if not owner:
        return AnonymousMessage(seq=change.seq, state=change.state, progress_pct=change.progress_pct)
    return ProgressMessage(
        seq=change.seq,
        state=change.state,
        progress_pct=change.progress_pct,
        message=change.message,
        result_id=change.result_course_id,
        error_code=change.error_code,
    )
