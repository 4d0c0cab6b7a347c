"""What can go wrong at the door."""

from lyo.core.errors import Unauthorized, Unavailable


class WrongCredentials(Unauthorized):
    """Unknown user or wrong password: the two look and take the same."""

    slug = "wrong-credentials"
    title = "Wrong credentials"
    default_detail = "The e-mail address or the password is wrong."


class InvalidToken(Unauthorized):
    """The bearer token is missing its mark: malformed, expired, forged, or logged out."""

    slug = "invalid-token"
    title = "Invalid token"
    default_detail = "The access token is not valid any more; refresh it or log in again."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, challenge='Bearer error="invalid_token"')


class InvalidRefreshToken(Unauthorized):
    """The refresh token is unknown, expired, used before, or of a log-in that has ended."""

    slug = "invalid-refresh-token"
    title = "Invalid refresh token"
    default_detail = "The refresh token is not valid any more; log in again."


class DoorCrowded(Unavailable):
    """So many passwords wait to be checked that another would wait too long."""

    slug = "door-crowded"
    title = "Too many log-ins at once"
    default_detail = "Very many people are logging in at the moment; try again in a few seconds."
