"""What can go wrong with courses."""

from typing import Final

from lyo.core.errors import NotFound, Problem, Unavailable

TOO_MANY_RETRY_SECONDS: Final = 20
"""About half of what a course takes on two cores."""
QUEUE_RETRY_SECONDS: Final = 60
"""A full queue has many courses before this one."""


class CourseNotFound(NotFound):
    """There is no such course, or it is somebody else's."""

    slug = "course-not-found"
    title = "Course not found"
    default_detail = "There is no course with this id among yours."


class ItemNotFound(NotFound):
    """The course has no such item, or not yet."""

    slug = "item-not-found"
    title = "Item not found"
    default_detail = "There is no item with this id in this course, or it is not ready yet."


class NotAQuiz(Problem):
    """Something is answered that asks nothing."""

    status = 409
    slug = "not-a-quiz"
    title = "Not a quiz"
    default_detail = "This item is no quiz: it has no questions to answer."


class ReportNotFound(NotFound):
    """The course is whole and has no report card."""

    slug = "report-not-found"
    title = "Report not found"
    default_detail = "This course has no report: it was made before there were any, or none could be made."


class ReportNotReady(Problem):
    """The course is not whole: it is being made, or its making has failed."""

    status = 409
    slug = "report-not-ready"
    title = "Report not ready"
    default_detail = "A course has a report once it is completed, and this one is not; look at its status."


class TooManyCourses(Problem):
    """The learner has as many courses in the making as one may have at once."""

    status = 429
    slug = "too-many-courses"
    title = "Too many courses at once"
    default_detail = (
        "As many courses as you may have at once are being made for you already. Wait until one of them is finished, "
        "or cancel one, and ask again."
    )

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": str(TOO_MANY_RETRY_SECONDS)})


class QueueFull(Unavailable):
    """As many courses wait for a worker as may wait at once."""

    slug = "queue-full"
    title = "Queue full"
    default_detail = "Very many courses are waiting to be made at the moment. Please ask again in a minute."

    def __init__(self) -> None:
        super().__init__(retry_after=QUEUE_RETRY_SECONDS)
