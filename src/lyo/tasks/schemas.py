"""The bodies of `/v1/tasks`."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from lyo.tasks.errors import ERROR_CODES
from lyo.tasks.values import TaskState, TaskView
from lyo.web.schemas import EXAMPLE_ID, OPTIONAL, CamelModel, Timestamp

_CODES: Final = "; ".join(f"`{code}`: {meaning}" for code, meaning in ERROR_CODES.items())


class TaskBody(CamelModel):
    """A task at one moment."""

    id: UUID
    seq: Annotated[int, Field(description="Number of the latest change; a socket resumes after it.", examples=[7])]
    state: Annotated[TaskState, Field(description="DONE and ERROR are final.", examples=["RUNNING"])]
    progress_pct: Annotated[int, Field(ge=0, le=100, description="Never goes down.", examples=[45])]
    message: Annotated[
        str | None, Field(description="What is going on, for the learner to read.", examples=["Writing lesson 2 of 5."])
    ]
    error_code: Annotated[
        str | None,
        OPTIONAL,
        Field(
            description=f"Why it ended as ERROR, for code to read. {_CODES}. More may come: treat one that you do not "
            "know as `internal_error`, and show `message`.",
        ),
    ] = None
    course_id: Annotated[
        UUID | None,
        OPTIONAL,
        Field(description="The course that it makes, readable from the start.", examples=[EXAMPLE_ID]),
    ] = None
    result_id: Annotated[
        UUID | None, Field(description="The finished course, once the state is DONE.", examples=[None])
    ]
    created_at: Timestamp
    updated_at: Timestamp


class TaskPage(CamelModel):
    """A page of tasks, newest first."""

    items: list[TaskBody]
    next_cursor: Annotated[
        str | None, Field(description="Ask for the next page with it; null at the end.", examples=[None])
    ]


def task_body(view: TaskView) -> TaskBody:
    """The body that shows `view`."""
    return TaskBody(
        id=view.id,
        seq=view.seq,
        state=view.state,
        progress_pct=view.progress_pct,
        message=view.message,
        error_code=view.error_code,
        course_id=view.provisional_course_id,
        result_id=view.result_course_id,
        created_at=view.created_at,
        updated_at=view.updated_at,
    )
