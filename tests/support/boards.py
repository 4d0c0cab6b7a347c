"""Learners on a leaderboard, and what a plain count says of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select

from lyo.accounts.models import User
from lyo.accounts.profiles import lock_learner
from lyo.accounts.values import Principal
from lyo.blocks.service import block
from lyo.core.bus import Bus, transaction
from lyo.core.clock import now
from lyo.core.db import SessionMaker, snapshot
from lyo.gamification.leaderboard import jobs, repo, service
from lyo.gamification.leaderboard.models import LeaderboardChange, LeaderboardScore, LeaderboardTally
from lyo.gamification.leaderboard.values import ALL_TIME, BoardRequest, Entry, Place, Standings, week_of
from lyo.gamification.service import reward
from lyo.gamification.values import Deed, Happening, Kind
from lyo.privacy.service import change_profile

Seen = tuple[int, int, UUID]
"""Rank, XP and whose they are."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Learners in a database, without log-ins."""

    sessions: SessionMaker
    bus: Bus

    async def learners(self, count: int, *, xp: int = 0, board: str = ALL_TIME) -> list[UUID]:
        """So many more learners, each with that score on a board."""
        ids = sorted(uuid4() for _ in range(count))
        async with transaction(self.sessions, self.bus) as session:
            await session.execute(insert(User), [{"id": one, "display_name": f"Learner {one}"} for one in ids])
            if xp:
                scores = [{"user_id": one, "board": board, "xp": xp} for one in ids]
                await session.execute(insert(LeaderboardScore), scores)
        return ids

    async def award(self, learner_id: UUID, *kinds: Kind, moment: datetime | None = None) -> int:
        """Something happens to a learner that earns XP; gives how many."""
        happening = Happening(deeds=tuple(Deed(kind, uuid4().hex) for kind in kinds))
        async with transaction(self.sessions, self.bus) as session:
            learner = await lock_learner(session, owner_id=learner_id)
            return (await reward(session, happening, learner=learner, moment=moment or now())).xp

    async def opt_out(self, learner_id: UUID, *, out: bool, moment: datetime | None = None) -> None:
        principal = Principal(user_id=learner_id, login_id=uuid4(), locale="en", expires_at=now())
        changes = {"leaderboard_opt_out": out}
        async with transaction(self.sessions, self.bus) as session:
            await change_profile(session, principal=principal, changes=changes, moment=moment or now())

    async def block(self, learner_id: UUID, other_id: UUID) -> None:
        async with transaction(self.sessions, self.bus) as session:
            await block(session, owner_id=learner_id, other_id=other_id)

    async def fold(self, at_most: int = jobs.AT_ONCE) -> int:
        return await jobs.fold_once(self.sessions, self.bus, at_most=at_most)

    async def read(
        self, reader_id: UUID, board: str = ALL_TIME, *, limit: int = 100, after: Place | None = None
    ) -> Standings:
        async with snapshot(self.sessions) as session:
            return await service.read_board(
                session, owner_id=reader_id, board=board, page=BoardRequest(limit=limit, after=after)
            )

    async def places(self, reader_id: UUID, *, limit: int, after: Place | None) -> list[Place]:
        """A page of the board of all time, without names and ranks."""
        async with self.sessions() as session:
            return await repo.places_after(session, owner_id=reader_id, board=ALL_TIME, after=after, at_most=limit)

    async def rank(self, learner_id: UUID) -> int | None:
        """Of all time."""
        me = (await self.read(learner_id, limit=1)).me
        return me.rank if me else None

    async def read_all(self, reader_id: UUID, board: str, *, limit: int) -> list[Entry]:
        """All pages of a board."""
        page = await self.read(reader_id, board, limit=limit)
        found = list(page.items)
        while page.next is not None:
            assert len(page.items) == limit
            page = await self.read(reader_id, board, limit=limit, after=page.next)
            found += page.items
        return found

    async def counts(self) -> tuple[int, int, int]:
        """How many scores, tallies and changes there are."""
        async with self.sessions() as session:
            counted = [
                await session.scalar(select(func.count()).select_from(table)) or 0
                for table in (LeaderboardScore, LeaderboardTally, LeaderboardChange)
            ]
        return counted[0], counted[1], counted[2]


@dataclass(slots=True)
class Oracle:
    """Who stands where, counted one by one."""

    earned: dict[UUID, list[tuple[datetime, int]]] = field(default_factory=dict[UUID, list[tuple[datetime, int]]])
    hidden: set[UUID] = field(default_factory=set[UUID])
    """Who has opted out."""
    blocks: set[frozenset[UUID]] = field(default_factory=set[frozenset[UUID]])

    def scores(self, board: str) -> dict[UUID, int]:
        sums = {
            one: sum(xp for at, xp in ledger if board in {ALL_TIME, week_of(at)}) for one, ledger in self.earned.items()
        }
        return {one: xp for one, xp in sums.items() if xp > 0 and one not in self.hidden}

    def seen(self, reader_id: UUID, board: str) -> list[Seen]:
        """The whole board, as a reader sees it."""
        scores = self.scores(board)
        places = [(1 + sum(other > xp for other in scores.values()), xp, one) for one, xp in scores.items()]
        in_order = sorted(places, key=lambda place: (place[0], place[2]))
        return [place for place in in_order if frozenset({reader_id, place[2]}) not in self.blocks]

    def around(self, reader_id: UUID, board: str) -> list[Seen]:
        """The reader and up to two on either side."""
        seen = self.seen(reader_id, board)
        at = next((at for at, place in enumerate(seen) if place[2] == reader_id), None)
        return [] if at is None else seen[max(0, at - 2) : at + 3]


def seen(entries: Sequence[Entry]) -> list[Seen]:
    return [(entry.rank, entry.xp, entry.user_id) for entry in entries]
