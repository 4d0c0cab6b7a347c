"""What can go wrong with tasks."""

from lyo.core.errors import NotFound


class TaskNotFound(NotFound):
    """There is no such task, or it is somebody else's."""

    slug = "task-not-found"
    title = "Task not found"
    default_detail = "There is no task with this id among yours."


class LeaseLost(Exception):
    """The task is somebody else's by now, or has ended: whoever worked on it stops and writes nothing more."""


class TaskFailed(Exception):
    """The task cannot be done. Ends it with a stable code, and a message that a learner can read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
