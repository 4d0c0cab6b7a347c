"""What a socket says."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from lyo.tasks.values import TaskChange, TaskState
from lyo.web.schemas import OPTIONAL, CamelModel

Seq = Annotated[int, Field(description="Number of the change; resume after it.", examples=[7])]
State = Annotated[TaskState, Field(description="DONE and ERROR are final.", examples=["RUNNING"])]
Percent = Annotated[int, Field(ge=0, le=100, description="Never goes down.", examples=[45])]


class ProgressMessage(CamelModel):
    """A change of a task, for its owner."""

    seq: Seq
    state: State
    progress_pct: Percent
    message: Annotated[
        str | None,
        Field(description="What is going on, for the learner to read.", examples=["Writing lesson 2 of 5."]),
    ]
    result_id: Annotated[
        UUID | None, Field(description="The finished course, once the state is DONE.", examples=[None])
    ]
    error_code: Annotated[
        str | None,
        OPTIONAL,
        Field(description="Why it ended as ERROR, for code to read; the codes are those of `TaskBody`."),
    ] = None


class AnonymousMessage(CamelModel):
    """A change of a task, for whoever knows its id and nothing else."""

    seq: Seq
    state: State
    progress_pct: Percent


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
