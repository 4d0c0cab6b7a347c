"""Streaks: how many of a learner's own days in a row they have learned.

A day is a date of the time zone that the learner was in. A date that comes round again, after a flight west, is the
day that has counted already. Days that were missed between two days of learning are counted as the traveller would:
by the calendar, in the zone of the first, and in that of the second, and the fewest of these hold. So a flight east,
which cuts a day short, breaks nothing, and a date that a zone has skipped is not missed.

Every `EARNED_EVERY` days of a streak earn a freeze, and at most `MOST_FREEZES` are held. Each missed day takes one; a
day that finds none left ends the streak.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from lyo.core.zones import day_begins, local_date

EARNED_EVERY: Final = 7
MOST_FREEZES: Final = 3
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LearningDay:
    """A day on which somebody has learned: when first and last, and in which time zones that was."""

    day: date
    first_at: datetime
    first_zone: str
    last_at: datetime
    last_zone: str

    @classmethod
    def of(cls, day: date, at: datetime, zone: str) -> "LearningDay":
        """A day on which somebody has learned once."""
        return cls(day=day, first_at=at, first_zone=zone, last_at=at, last_zone=zone)

    def with_moment(self, at: datetime, zone: str) -> "LearningDay":
        """The day with one more moment of learning."""
        earlier = replace(self, first_at=at, first_zone=zone) if at < self.first_at else self
        return replace(earlier, last_at=at, last_zone=zone) if at >= self.last_at else earlier


@dataclass(frozen=True, slots=True)
class Streak:
    """A streak as of its last day."""

    current: int = 0
    longest: int = 0
    freezes: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A streak as of now."""

    current: int
    longest: int
    freezes: int
    counts_today: bool
    day_ends_at: datetime


def day_of(at: datetime, zone: str, begun: Iterable[LearningDay]) -> date:
    """The day that learning at `at` belongs to: its date, or a later one that had begun for the learner before."""
    return max([local_date(at, zone), *(day.day for day in begun if day.first_at <= at)])


def extended(streak: Streak, last: LearningDay | None, day: LearningDay) -> Streak:
    """The streak after `day`, which is later than its `last` day."""
    freezes = 0 if last is None else streak.freezes - _missed(last, day, at_most=streak.freezes + 1)
    going_on = last is not None and freezes >= 0
    current = streak.current + 1 if going_on else 1
    kept = max(freezes, 0)
    return Streak(
        current=current,
        longest=max(streak.longest, current),
        freezes=min(kept + 1, MOST_FREEZES) if current % EARNED_EVERY == 0 else kept,
    )


def is_as_good(day: LearningDay, before: LearningDay, *, following: LearningDay | None) -> bool:
    """Whether a streak stays as it was with `day` in the place of what it was `before`."""
    if day.first_at != before.first_at:
        return False
    most = MOST_FREEZES + 1
    return following is None or _missed(day, following, at_most=most) == _missed(before, following, at_most=most)


def streak_of(days: Iterable[LearningDay]) -> Streak:
    """The streak of `days`, which are in order."""
    streak, last = Streak(), None
    for day in days:
        streak, last = extended(streak, last, day), day
    return streak


def standing(streak: Streak, last: LearningDay | None, *, zone: str, moment: datetime) -> Standing:
    """What the streak is worth at `moment` to a learner in `zone`. A day that has not ended is not missed."""
    today = local_date(moment, zone)
    counts_today = last is not None and day_of(moment, zone, [last]) == last.day
    missed = 0
    if last is not None and not counts_today:
        missed = _missed(last, LearningDay.of(today, moment, zone), at_most=streak.freezes + 1)
    alive = last is not None and missed <= streak.freezes
    return Standing(
        current=streak.current if alive else 0,
        longest=streak.longest,
        freezes=streak.freezes - missed if alive else 0,
        counts_today=counts_today,
        day_ends_at=_end_of(last.day if last is not None and counts_today else today, zone),
    )


def _end_of(day: date, zone: str) -> datetime:
    """When the next date that there is begins."""
    begins, following = day_begins(day, zone), day + _DAY
    while day_begins(following, zone) <= begins:
        following += _DAY
    return day_begins(following, zone)


def _missed(earlier: LearningDay, later: LearningDay, *, at_most: int) -> int:
    """How many days were missed between the two: the fewest by any reckoning, and no more than `at_most`."""
    reckonings = [
        (earlier.day, later.day, later.first_zone),
        *(
            (local_date(earlier.last_at, zone), local_date(later.first_at, zone), zone)
            for zone in (earlier.last_zone, later.first_zone)
        ),
    ]
    return min(_days_between(first, last, zone, at_most) for first, last, zone in reckonings)


def _days_between(first: date, last: date, zone: str, at_most: int) -> int:
    """Dates after `first` and before `last` that there were in `zone`, as far as `at_most`."""
    count, day = 0, first + _DAY
    while day < last and count < at_most:
        count += day_begins(day, zone) < day_begins(day + _DAY, zone)
        day += _DAY
    return count
