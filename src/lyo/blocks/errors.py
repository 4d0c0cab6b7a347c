"""What can go wrong with blocking."""

from lyo.core.errors import NotFound, Problem


class LearnerNotFound(NotFound):
    """There is no learner with this id."""

    slug = "learner-not-found"
    title = "Learner not found"
    default_detail = "There is no learner with this id."


class CannotBlockYourself(Problem):
    """A learner wants to block themselves."""

    status = 422
    slug = "cannot-block-yourself"
    title = "Cannot block yourself"
    default_detail = "You cannot block yourself."
