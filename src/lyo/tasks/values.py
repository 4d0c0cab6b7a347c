"""What crosses the border of this slice."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class TaskState(StrEnum):
    """The four states of the specification; DONE and ERROR are final."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    ERROR = "ERROR"

    @property
    def is_final(self) -> bool:
        """Whether nothing comes after it."""
        return self in {TaskState.DONE, TaskState.ERROR}


@dataclass(frozen=True, slots=True)
class TaskView:
    """What a client may know of a task at one moment, numbered by `seq`."""

    id: UUID
    seq: int
    state: TaskState
    progress_pct: int
    message: str | None
    error_code: str | None
    provisional_course_id: UUID | None
    result_course_id: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TaskChange:
    """One event of a task."""

    seq: int
    state: TaskState
    progress_pct: int
    message: str | None
    error_code: str | None
    result_course_id: UUID | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a task, until the lease ends or somebody else holds a higher fence."""

    task_id: UUID
    fence: int
    attempts: int
    user_id: UUID
    course_id: UUID
