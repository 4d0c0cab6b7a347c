"""A daily number of calls, shared by all workers and spread over the day."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from lyo.core.clock import now
from lyo.core.db import SessionMaker
from lyo.sources.models import SourceBudget

DAYS_KEPT: Final = 7


@dataclass(frozen=True, slots=True)
class Budget:
    """`daily` calls between two midnights in `zone`.

    `at_once` of them can be made from midnight on; the others become available evenly over the day, so that a busy
    morning leaves some for the evening. What nobody used stays available until midnight.
    """

    source: str
    daily: int
    at_once: int
    zone: ZoneInfo

    def available(self, moment: datetime) -> int:
        """Calls that may have been made since midnight, at `moment`."""
        start, end = self._day(moment)
        passed = (moment - start) / (end - start)
        return min(self.daily, self.at_once + math.floor((self.daily - self.at_once) * passed))

    async def take(self, sessions: SessionMaker) -> bool:
        """Take one call, before it is made: what a crash loses is a call, never the count. False: there is none."""
        moment = now()
        today = moment.astimezone(self.zone).date()
        taken = insert(SourceBudget).values(source=self.source, day=today, spent=1)
        taken = taken.on_conflict_do_update(
            index_elements=[SourceBudget.source, SourceBudget.day],
            set_={"spent": SourceBudget.spent + 1},
            where=SourceBudget.spent < self.available(moment),
        )
        old = delete(SourceBudget).where(
            SourceBudget.source == self.source, SourceBudget.day < today - timedelta(days=DAYS_KEPT)
        )
        async with sessions.begin() as session:
            await session.execute(old)
            return await session.scalar(taken.returning(SourceBudget.spent)) is not None

    async def exhaust(self, sessions: SessionMaker) -> None:
        """Take all that is left of today: the source itself says that there is nothing left."""
        today = now().astimezone(self.zone).date()
        everything = insert(SourceBudget).values(source=self.source, day=today, spent=self.daily)
        async with sessions.begin() as session:
            await session.execute(
                everything.on_conflict_do_update(
                    index_elements=[SourceBudget.source, SourceBudget.day], set_={"spent": self.daily}
                )
            )

    def _day(self, moment: datetime) -> tuple[datetime, datetime]:
        """The midnights around `moment`; 23 or 25 hours apart when the clocks change."""
        today = moment.astimezone(self.zone).date()
        start = datetime.combine(today, time.min, self.zone).astimezone(UTC)
        end = datetime.combine(today + timedelta(days=1), time.min, self.zone).astimezone(UTC)
        return start, end
