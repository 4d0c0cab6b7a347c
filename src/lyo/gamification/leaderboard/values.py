"""What crosses the border of this part, and the names of its boards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

ALL_TIME: Final = "all"
WEEK: Final = timedelta(weeks=1)


class Period(StrEnum):
    """What a leaderboard is about."""

    WEEK = "week"
    ALL = "all"


def week_of(moment: datetime) -> str:
    """The board of the week that `moment` is in: an ISO week of UTC, the same for everybody."""
    return moment.astimezone(UTC).strftime("%G-W%V")


def week_begins(moment: datetime) -> datetime:
    """The Monday's midnight, of UTC, with which the week of `moment` begins."""
    day = moment.astimezone(UTC).date()
    return datetime.combine(day - timedelta(days=day.weekday()), time.min, UTC)


def board_of(period: Period, moment: datetime) -> str:
    """The board that `period` means at `moment`."""
    return week_of(moment) if period is Period.WEEK else ALL_TIME


@dataclass(frozen=True, slots=True)
class Place:
    """Where a learner stands: who has more XP comes before, and of those who have as much the lower id."""

    xp: int
    user_id: UUID


@dataclass(frozen=True, slots=True)
class BoardRequest:
    """What a client asks of a board."""

    limit: int
    after: Place | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A learner on a board, as another sees them."""

    user_id: UUID
    display_name: str
    xp: int
    rank: int
    """One more than the number of those who have more XP: 1, 2, 2, 4."""
    is_me: bool


@dataclass(frozen=True, slots=True)
class Standings:
    """A page of a board, and where its reader stands."""

    items: Sequence[Entry]
    next: Place | None
    around_me: Sequence[Entry]
    """The reader, two above and two below, in the order of the board; empty if the reader is not on it."""

    @property
    def me(self) -> Entry | None:
        """The reader."""
        return next((entry for entry in self.around_me if entry.is_me), None)
