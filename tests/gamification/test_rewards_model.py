"""The ledger and the streak against plain oracles, with clocks that are moved across zones and summer time."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select
from support.stateful import Ground, ground, take_steps

from lyo.accounts.profiles import change_profile, lock_learner
from lyo.accounts.values import Principal
from lyo.core.clock import credible
from lyo.core.settings import Settings
from lyo.gamification.models import XpEntry
from lyo.gamification.service import reward, totals
from lyo.gamification.values import WORTH, Deed, Happening, Kind, Reward, Totals

pytestmark = [pytest.mark.slow, pytest.mark.no_cover, pytest.mark.timeout(900)]

STEPS: Final = 2000
ZONES: Final = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "Asia/Tokyo",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "America/Santiago",
    "America/Havana",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
)
"""With and without summer time, on both sides of the date line, with midnights that are skipped and that come twice."""
STARTS: Final = (
    datetime(2011, 12, 27, 12, tzinfo=UTC),  # days before Apia skips one
    datetime(2024, 2, 26, 8, tzinfo=UTC),  # before a leap day
    datetime(2025, 3, 5, 20, tzinfo=UTC),  # before summer time in America, and then in Europe
    datetime(2025, 9, 3, 2, tzinfo=UTC),  # before it in Santiago
    datetime(2025, 10, 22, 22, tzinfo=UTC),  # before the end of it in Europe, and then in America
    datetime(2026, 4, 20, 21, tzinfo=UTC),  # before a midnight that Cairo skips
)


def exists(day: date, zone: str) -> bool:
    """Whether any moment has this date there."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    moments = (noon + timedelta(minutes=30 * step) for step in range(-60, 61))
    return any(moment.astimezone(ZoneInfo(zone)).date() == day for moment in moments)


def between(first: date, last: date, zone: str) -> list[date]:
    """The dates after the one and before the other that exist there."""
    days = [first + timedelta(days=n) for n in range(1, (last - first).days)]
    return [day for day in days if exists(day, zone)]


class PlainStreak:
    """Every moment of learning, and the streak counted from all of them each time."""

    def __init__(self) -> None:
        self.days: dict[date, list[tuple[datetime, str]]] = {}
        self.longest = 0

    def learn(self, at: datetime, zone: str) -> None:
        day = self.day_at(at, zone)
        self.days.setdefault(day, []).append((at, zone))
        self.longest = max(self.longest, self.count()[1])

    def day_at(self, at: datetime, zone: str) -> date:
        day = at.astimezone(ZoneInfo(zone)).date()
        for other, moments in self.days.items():
            if other > day and min(moments)[0] <= at:
                day = other
        return day

    def missed(self, first: date, last: date, arriving: tuple[datetime, str] | None = None) -> int:
        left_at, left_zone = self.last_of(first)
        came_at, came_zone = arriving or self.first_of(last)
        counts = [len(between(first, last, came_zone))]
        for zone in (left_zone, came_zone):
            dates = [moment.astimezone(ZoneInfo(zone)).date() for moment in (left_at, came_at)]
            counts.append(len(between(dates[0], dates[1], zone)))
        return min(counts)

    def first_of(self, day: date) -> tuple[datetime, str]:
        earliest = min(at for at, _ in self.days[day])
        return next(moment for moment in self.days[day] if moment[0] == earliest)

    def last_of(self, day: date) -> tuple[datetime, str]:
        latest = max(at for at, _ in self.days[day])
        return [moment for moment in self.days[day] if moment[0] == latest][-1]

    def count(self) -> tuple[int, int, int]:
        """Current, longest, freezes; after the last day."""
        current = longest = freezes = 0
        before: date | None = None
        for day in sorted(self.days):
            for _ in range(self.missed(before, day) if before else 0):
                if freezes:
                    freezes -= 1
                else:
                    current = 0
                    break
            current += 1
            longest = max(longest, current)
            if current % 7 == 0 and freezes < 3:
                freezes += 1
            before = day
        return current, longest, freezes

    def now(self, at: datetime, zone: str) -> tuple[int, int, bool]:
        """Current, freezes, and whether today counts."""
        if not self.days:
            return 0, 0, False
        current, _, freezes = self.count()
        last = max(self.days)
        today = at.astimezone(ZoneInfo(zone)).date()
        if today <= last:
            return current, freezes, True
        for _ in range(self.missed(last, today, (at, zone))):
            if not freezes:
                return 0, 0, False
            freezes -= 1
        return current, freezes, False


class Rewards(RuleBasedStateMachine):
    """One learner who learns, travels, is offline, and says things twice."""

    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.on = self.ground
        self.clock = STARTS[0]
        self.zones: list[tuple[datetime, str]] = []
        self.streak = PlainStreak()
        self.ledger: dict[Deed, tuple[int, date]] = {}
        self.sources = [uuid4().hex for _ in range(6)]

    @initialize(start=st.sampled_from(STARTS), zone=st.sampled_from(ZONES))
    def begin(self, start: datetime, zone: str) -> None:
        self.clock = start
        self.user_id = self.on.new_user(time_zone=zone)
        self.zones = [(datetime.min.replace(tzinfo=UTC), zone)]

    def zone_at(self, at: datetime) -> str:
        return [zone for since, zone in self.zones if since <= at][-1]

    @rule(minutes=st.integers(1, 26 * 60))
    def wait(self, minutes: int) -> None:
        self.on.steps["wait"] += 1
        self.clock += timedelta(minutes=minutes)

    @rule(days=st.integers(1, 5))
    def stay_away(self, days: int) -> None:
        self.on.steps["stay away"] += 1
        self.clock += timedelta(days=days)

    @rule(zone=st.sampled_from(ZONES))
    def travel(self, zone: str) -> None:
        self.on.steps["travel"] += 1
        who = Principal(user_id=self.user_id, login_id=uuid4(), locale="en", expires_at=self.clock)
        changes = {"time_zone": zone}
        self.on.do(partial(change_profile, principal=who, changes=changes, moment=self.clock))
        if zone != self.zones[-1][1]:
            self.zones.append((self.clock, zone))

    @rule(days=st.integers(1, 9), deed=st.booleans())
    def learn_daily(self, days: int, deed: bool) -> None:
        """The steady learner, whom chance alone would never make."""
        self.on.steps["learn daily"] += 1
        for _ in range(days):
            self.clock += timedelta(days=1)
            self._tell([Deed(Kind.ITEM_COMPLETED, uuid4().hex)] if deed else [], self.clock)

    @rule(kinds=st.lists(st.sampled_from(list(Kind)), max_size=40), place=st.integers(0, 5))
    def learn(self, kinds: list[Kind], place: int) -> None:
        self.on.steps["learn"] += 1
        sources = [self.sources[place], *(uuid4().hex for _ in kinds[1:])]
        self._tell([Deed(*pair) for pair in zip(kinds, sources, strict=False)], self.clock)

    @rule(hours=st.integers(1, 10 * 24), place=st.integers(0, 5))
    def sync_late(self, hours: int, place: int) -> None:
        """A phone that was offline tells what happened then."""
        self.on.steps["sync late"] += 1
        at = self.clock - timedelta(hours=hours)
        self._tell([Deed(Kind.REVIEW_DONE, self.sources[place])], at)

    def _tell(self, deeds: list[Deed], occurred_at: datetime) -> None:
        at = credible(occurred_at, moment=self.clock)
        happening = Happening(deeds=tuple(deeds), learned_at=at)

        async def tell(session: Any) -> Reward:
            learner = await lock_learner(session, owner_id=self.user_id)
            return await reward(session, happening, learner=learner, moment=self.clock)

        brought = self.on.do(tell)
        assert brought.xp == self._earn(deeds)
        if at is not None:
            self.streak.learn(at, self.zone_at(at))

    def _earn(self, deeds: list[Deed]) -> int:
        earned, today = 0, self.clock.date()
        for deed in deeds:
            if deed in self.ledger:
                continue
            had = sum(xp for other, (xp, day) in self.ledger.items() if other.kind == deed.kind and day == today)
            xp = WORTH[deed.kind].amount
            while had + xp > WORTH[deed.kind].daily:
                xp -= 1
            self.ledger[deed] = (xp, today)
            earned += xp
        return earned

    @invariant()
    def nothing_differs(self) -> None:
        if not self.zones:
            return

        async def look(session: Any) -> tuple[Totals, int]:
            learner = await lock_learner(session, owner_id=self.user_id)
            ledger = await session.scalar(select(func.sum(XpEntry.amount)).where(XpEntry.user_id == self.user_id))
            return await totals(session, learner=learner, moment=self.clock), ledger or 0

        seen, ledger = self.on.do(look)
        assert seen.xp == ledger == sum(xp for xp, _ in self.ledger.values())
        standing, zone = seen.standing, self.zones[-1][1]
        current, freezes, counts_today = self.streak.now(self.clock, zone)
        assert (standing.current, standing.freezes, standing.counts_today) == (current, freezes, counts_today)
        assert standing.longest == self.streak.longest
        just_before, after = standing.day_ends_at - timedelta(seconds=1), standing.day_ends_at
        assert after > self.clock
        assert just_before.astimezone(ZoneInfo(zone)).date() < after.astimezone(ZoneInfo(zone)).date()


def test_rewards_are_those_of_a_plain_oracle(settings: Settings) -> None:
    with ground(settings) as on:

        class Here(Rewards):
            ground = on

        take_steps(on, Here, at_least=STEPS)
        assert on.steps.total() >= STEPS
        assert min(on.steps.values()) > 20, on.steps
