"""What can go wrong with tasks."""

from typing import Final, Literal

from lyo.core.errors import NotFound

ErrorCode = Literal[
    "cancelled",
    "no_sources",
    "unsafe_topic",
    "empty_topic",
    "budget_exceeded",
    "model_unavailable",
    "deadline_exceeded",
    "worker_lost",
    "internal_error",
]
"""Why a task ended as ERROR, for code to read. What is here once stays; the contract says that more may come."""

ERROR_CODES: Final[dict[ErrorCode, str]] = {
    "cancelled": "the learner stopped it",
    "no_sources": "there are no sources about this topic",
    "unsafe_topic": "no course is made about this topic",
    "empty_topic": "the topic says nothing that a course could be about",
    "budget_exceeded": "the course took more of the model than one course may (finished lessons stay)",
    "model_unavailable": "no model could be asked (trying again later may help)",
    "deadline_exceeded": "it took too long (trying again may help)",
    "worker_lost": "whoever worked on it was lost, again and again (trying again may help)",
    "internal_error": "something went wrong on the server (trying again may help)",
}
"""What each code means."""


class TaskNotFound(NotFound):
    """There is no such task, or it is somebody else's."""

    slug = "task-not-found"
    title = "Task not found"
    default_detail = "There is no task with this id among yours."


class LeaseLost(Exception):
    """The task is somebody else's by now, or has ended: whoever worked on it stops and writes nothing more."""


class TaskFailed(Exception):
    """The task cannot be done. Ends it with a stable code, and a message that a learner can read."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
