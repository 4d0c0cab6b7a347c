"""What can go wrong with what learners write to each other."""

from lyo.core.errors import FieldError, NotFound, Problem


class PostNotFound(NotFound):
    """There is no such post, or not for this reader."""

    slug = "post-not-found"
    title = "Post not found"
    default_detail = "There is no post with this id for you."


class CommentNotFound(NotFound):
    """There is no such comment, or not for this reader."""

    slug = "comment-not-found"
    title = "Comment not found"
    default_detail = "There is no comment with this id for you."


class CourseNotCompleted(Problem):
    """A course that is not whole cannot be shared."""

    status = 422  # a 409 of this route says when to come again, and this may never be better
    slug = "course-not-completed"
    title = "Course not completed"
    default_detail = "Only a completed course can be shared, and this one is not; look at its status."

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("#/courseId", "Only a completed course can be shared.")])


class WordsRefused(Problem):
    """There is an objectionable word in a text."""

    status = 422
    slug = "words-refused"
    title = "Words refused"
    default_detail = "There is a word in this that does not belong here; say it in other words, and send it again."

    def __init__(self, pointer: str = "#/content") -> None:
        super().__init__(errors=[FieldError(pointer, "Say it in other words.")])


class CannotJudgeYourself(Problem):
    """A moderator wants to hide or show something of their own."""

    status = 422
    slug = "cannot-judge-yourself"
    title = "Cannot judge yourself"
    default_detail = "What is yours is judged by another moderator; you can delete it."


class CannotReportYourself(Problem):
    """A learner wants to report themselves or something of their own."""

    status = 422
    slug = "cannot-report-yourself"
    title = "Cannot report yourself"
    default_detail = "This is yours, or it is you: delete what you do not want to be there."


class CaseNotFound(NotFound):
    """There is no such case in the moderators' queue."""

    slug = "case-not-found"
    title = "Case not found"
    default_detail = "There is no such case; what it was about may have been deleted."


class CaseClosed(Problem):
    """Another moderator has closed the case in another way."""

    status = 409
    slug = "case-closed"
    title = "Case closed"
    default_detail = "This case was closed in another way meanwhile; read the list anew."
