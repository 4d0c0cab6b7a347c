"""What can go wrong with Apple."""

from lyo.core.errors import Unavailable


class AppleUnavailable(Unavailable):
    """Apple does not answer, or what answers does not speak as Apple does."""

    slug = "apple-unavailable"
    title = "Apple unavailable"
    default_detail = "Apple does not answer at the moment; try again shortly."


class NotFromApple(Exception):
    """What was shown is not signed by Apple, not meant for us, or no longer good."""


class AppleRefused(Exception):
    """Apple answers, and does not do what it was asked. The message is a code, never Apple's own text."""
