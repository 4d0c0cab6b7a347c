"""What can go wrong with reviews."""

from lyo.core.errors import NotFound, Problem


class ReviewNotFound(NotFound):
    """There is no such card, or it is somebody else's."""

    slug = "review-not-found"
    title = "Review not found"
    default_detail = "There is no review with this id among yours."


class ReviewNotDue(Problem):
    """The card was answered already and has a new date."""

    status = 409
    slug = "review-not-due"
    title = "Review not due"
    default_detail = "This question is not due: it was answered already. Ask for what is due now."
