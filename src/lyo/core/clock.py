"""The one clock."""

from datetime import UTC, datetime, timedelta
from typing import Final

LATEST: Final = timedelta(days=7)
"""How late a phone that was offline may tell what happened: as long as an idempotency key is kept."""


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def credible(occurred_at: datetime | None, *, moment: datetime) -> datetime | None:
    """When something happened that a client tells of at `moment`, or None if it says a time too long ago to count.

    A clock that is fast, or that says nothing, is taken for `moment`: what a client says of time is advice.
    """
    if occurred_at is None or occurred_at > moment:
        return moment
    return occurred_at if moment - occurred_at <= LATEST else None
