"""What can be wrong with a request, said once.

Every answer with a status of 400 or more is one of these classes, rendered as RFC 9457 problem details by
`lyo.web.problems`. Slices derive their own; status, slug and title belong to the class, the detail to the instance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

_HEADERS_BY_STATUS: Final[dict[int, tuple[str, ...]]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong value of a request: a JSON pointer as URI fragment (RFC 6901, section 6), and what is wrong there."""

    pointer: str
    detail: str


class Problem(Exception):
    """A request that is answered with problem details. The detail is read by people and never holds their input."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal error"
    default_detail: ClassVar[str] = "Something went wrong on our side. Please try again."
    more_headers: ClassVar[tuple[str, ...]] = ()
    """What its answers carry besides the headers that its status asks for."""

    @classmethod
    def announced_headers(cls) -> tuple[str, ...]:
        """The headers of its answers, for the contract."""
        return ("Cache-Control", *_HEADERS_BY_STATUS.get(cls.status, ()), *cls.more_headers)

    def __init__(
        self,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(detail or self.default_detail)
        self.detail = detail or self.default_detail
        self.headers = dict(headers or {})
        self.errors = tuple(errors)


class BadRequest(Problem):
    """The request cannot be understood."""

    status = 400
    slug = "bad-request"
    title = "Bad request"
    default_detail = "The request could not be understood."


class InvalidCursor(BadRequest):
    """A cursor that this server did not make for this list and this user."""

    slug = "invalid-cursor"
    title = "Invalid cursor"
    default_detail = "The cursor is not valid for this list; start again without one."


class IdempotencyKeyMissing(BadRequest):
    """The route needs an idempotency key and got none, or one that is none."""

    slug = "idempotency-key-missing"
    title = "Idempotency-Key missing or malformed"
    default_detail = "Send one Idempotency-Key header of 1 to 255 printable ASCII characters, such as a UUID."


class Unauthorized(Problem):
    """Nobody is logged in, or no longer."""

    status = 401
    slug = "unauthorized"
    title = "Not logged in"
    default_detail = "Log in and send the access token as a bearer token."

    def __init__(self, detail: str | None = None, *, challenge: str = "Bearer") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class InvalidToken(Unauthorized):
    """The access token is none: malformed, expired, forged, or of a log-in that has ended."""

    slug = "invalid-token"
    title = "Invalid token"
    default_detail = "The access token is not valid any more; refresh it or log in again."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, challenge='Bearer error="invalid_token"')


class Forbidden(Problem):
    """Whoever asks is known, and may not do this."""

    status = 403
    slug = "forbidden"
    title = "Forbidden"
    default_detail = "You may not do this."


class OriginRefused(Forbidden):
    """A web page that this server does not know wants something that browsers ask permission for."""

    slug = "origin-refused"
    title = "Origin refused"
    default_detail = "This server is not open to web pages of this origin, method or header."


class NotFound(Problem):
    """There is no such thing, or it is somebody else's."""

    status = 404
    slug = "not-found"
    title = "Not found"
    default_detail = "There is nothing at this address."


class MethodNotAllowed(Problem):
    """The address exists and does not take this method."""

    status = 405
    slug = "method-not-allowed"
    title = "Method not allowed"
    default_detail = "This address does not take this method; the Allow header lists those that it takes."


class RequestTimeout(Problem):
    """The body did not come to its end."""

    status = 408
    slug = "request-timeout"
    title = "Request timeout"
    default_detail = "The body took too long; send the request again."


class Conflict(Problem):
    """The request collides with another that is under way."""

    status = 409
    slug = "conflict"
    title = "Conflict"
    default_detail = "The same request is being worked on; repeat it in a moment."
    more_headers: ClassVar[tuple[str, ...]] = ("Retry-After",)


class BodyTooLarge(Problem):
    """The body is over the limit."""

    status = 413
    slug = "body-too-large"
    title = "Body too large"
    default_detail = "The body is larger than this server takes."


class UnsupportedMediaType(Problem):
    """The body is of a type that the route does not read."""

    status = 415
    slug = "unsupported-media-type"
    title = "Unsupported media type"
    default_detail = "Send the body as application/json."


class MisdirectedRequest(Problem):
    """The Host header names none of this server's hosts."""

    status = 421
    slug = "misdirected-request"
    title = "Misdirected request"
    default_detail = "This server does not answer for the host that was asked."


class ValidationFailed(Problem):
    """The request was understood and its values are not right."""

    status = 422
    slug = "validation-failed"
    title = "Validation failed"
    default_detail = "Some values of the request are not right; see errors."


class IdempotencyKeyReused(Problem):
    """One idempotency key, two different requests."""

    status = 422
    slug = "idempotency-key-reused"
    title = "Idempotency-Key reused"
    default_detail = "This Idempotency-Key was used for another request; take a new key."


class TooManyRequests(Problem):
    """More than so many requests in so long, of one user or from one address."""

    status = 429
    slug = "too-many-requests"
    title = "Too many requests"
    default_detail = "These are too many requests in a short time; go on after the seconds in Retry-After."

    def __init__(self, detail: str | None = None, *, retry_after: int = 60) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class HeadersTooLarge(Problem):
    """The request line and the headers are over the limit."""

    status = 431
    slug = "headers-too-large"
    title = "Headers too large"
    default_detail = "The request line and the headers are together larger than this server takes (32 KiB)."


class Unavailable(Problem):
    """Something that the request needs does not answer."""

    status = 503
    slug = "unavailable"
    title = "Unavailable"
    default_detail = "The service is not available at the moment; try again shortly."

    def __init__(self, detail: str | None = None, *, retry_after: int = 5) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})
