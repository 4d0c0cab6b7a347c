"""Who stands where: kept up in the transactions in which something is earned, and read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.gamification.leaderboard import repo
from lyo.gamification.leaderboard.values import WEEK, BoardRequest, Entry, Place, Standings, week_of

WEEKS_KEPT: Final = 2
"""Of boards of weeks, this one's among them: nobody is shown a past one, but clocks differ and questions are asked."""
NEIGHBOURS: Final = 2
"""How many are shown above the reader, and how many below."""


async def keep_up(session: AsyncSession, *, owner_id: UUID, moment: datetime) -> None:
    """Bring the scores of the owner, who is visible, in line with what they have earned until `moment`.

    The caller has locked the owner.
    """
    await repo.keep_scores(session, owner_id=owner_id, moment=moment)


async def show(session: AsyncSession, *, owner_id: UUID, to_others: bool, moment: datetime) -> None:
    """Put the owner on the boards with what they have earned, or take them off. The caller has locked the owner."""
    if to_others:
        await repo.keep_scores(session, owner_id=owner_id, moment=moment)
    else:
        await repo.delete_scores(session, owner_id=owner_id)


async def read_board(session: AsyncSession, *, owner_id: UUID, board: str, page: BoardRequest) -> Standings:
    """A page of a board, without those whom the owner does not see, and where the owner stands among all.

    All of it is as of one moment if the session is (`core.db.snapshot`).
    """
    places = await repo.places_after(session, owner_id=owner_id, board=board, after=page.after, at_most=page.limit + 1)
    shown, is_last = places[: page.limit], len(places) <= page.limit
    around_me = await _around(session, owner_id=owner_id, board=board)
    names = await repo.names_of_unscoped(session, user_ids=(place.user_id for place in (*shown, *around_me)))
    items = await _entries(session, shown, names, owner_id=owner_id, board=board)
    neighbours = await _entries(session, around_me, names, owner_id=owner_id, board=board)
    return Standings(items=items, next=None if is_last else shown[-1], around_me=neighbours)


async def _around(session: AsyncSession, *, owner_id: UUID, board: str) -> Sequence[Place]:
    mine = await repo.place_of(session, owner_id=owner_id, board=board)
    if mine is None:
        return ()
    asked: Any = {"owner_id": owner_id, "board": board, "at_most": NEIGHBOURS}
    above = await repo.places_before(session, before=mine, **asked)
    below = await repo.places_after(session, after=mine, **asked)
    return (*above, mine, *below)


async def _entries(
    session: AsyncSession, stretch: Sequence[Place], names: Mapping[UUID, str], *, owner_id: UUID, board: str
) -> Sequence[Entry]:
    """Places that follow each other, with ranks and names."""
    if not stretch:
        return ()
    ranks = await repo.ranks_of(session, board=board, least=stretch[-1].xp, most=stretch[0].xp)
    return [
        Entry(
            user_id=place.user_id,
            display_name=names[place.user_id],
            xp=place.xp,
            rank=ranks[place.xp],
            is_me=place.user_id == owner_id,
        )
        for place in stretch
    ]


async def fold(session: AsyncSession, *, at_most: int) -> int:
    """Fold so many changes into the histograms of their boards; returns how many there were."""
    return await repo.fold(session, at_most=at_most)


async def forget_weeks(session: AsyncSession, *, moment: datetime, at_most: int) -> int:
    """Delete so many scores of weeks that are long over; returns how many there were."""
    oldest = week_of(moment - (WEEKS_KEPT - 1) * WEEK)
    return await repo.delete_boards(session, before=oldest, at_most=at_most)
