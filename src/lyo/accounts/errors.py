"""What can go wrong at the door."""

from lyo.core.errors import Conflict, Forbidden, NotFound, Unauthorized, Unavailable


class WrongCredentials(Unauthorized):
    """Unknown user or wrong password: the two look and take the same."""

    slug = "wrong-credentials"
    title = "Wrong credentials"
    default_detail = "The e-mail address or the password is wrong."


class EmailTaken(Conflict):
    """Somebody has registered with this address already."""

    more_headers = ()  # repeating it later helps nobody
    slug = "email-taken"
    title = "E-mail address taken"
    default_detail = "There is an account with this e-mail address already; log in instead."


class WrongPassword(Forbidden):
    """The present password, asked for as proof, is wrong. No 401: the token is good, and a refresh would not help."""

    slug = "wrong-password"
    title = "Wrong password"
    default_detail = "The present password is wrong."


class InvalidRefreshToken(Unauthorized):
    """The refresh token is unknown, expired, used before, or of a log-in that has ended."""

    slug = "invalid-refresh-token"
    title = "Invalid refresh token"
    default_detail = "The refresh token is not valid any more; log in again."


class InvalidIdentityToken(Unauthorized):
    """The identity token is not Apple's, not for us, too old, or its nonce is another or was used before."""

    slug = "invalid-identity-token"
    title = "Invalid identity token"
    default_detail = "The identity token or its nonce is not valid; sign in with Apple again."


class InvalidNotification(Unauthorized):
    """What calls itself a notification of Apple's is not signed by Apple, or not for us."""

    slug = "invalid-notification"
    title = "Invalid notification"
    default_detail = "This payload is not signed by Apple, or not meant for this server."


class AppleSignInOff(NotFound):
    """The operator has not said which apps learners sign in to with Apple."""

    slug = "apple-sign-in-off"
    title = "Sign in with Apple is off"
    default_detail = "This server does not offer Sign in with Apple."


class DoorCrowded(Unavailable):
    """So many passwords wait to be checked that another would wait too long."""

    slug = "door-crowded"
    title = "Too many log-ins at once"
    default_detail = "Very many people are logging in at the moment; try again in a few seconds."
