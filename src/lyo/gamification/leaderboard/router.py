"""`/v1/gamification/leaderboard`."""

from typing import Annotated

from fastapi import APIRouter, Query

from lyo.accounts.deps import BriefUser
from lyo.core.clock import now
from lyo.core.db import snapshot
from lyo.core.errors import InvalidCursor, InvalidToken, Unauthorized, ValidationFailed
from lyo.gamification.leaderboard.schemas import LeaderboardPage, leaderboard_page
from lyo.gamification.leaderboard.service import read_board
from lyo.gamification.leaderboard.values import BoardRequest, Period, Place, board_of
from lyo.web.deps import DEFAULT_PAGE, CursorQuery, LimitQuery, ResourcesDep
from lyo.web.pages import cursor_key
from lyo.web.problems import problems

router = APIRouter(prefix="/gamification", tags=["Gamification"])

PeriodQuery = Annotated[
    Period, Query(description="`week` begins on Monday at midnight UTC, for everybody; `all` is all time.")
]


@router.get("/leaderboard", responses=problems(InvalidCursor, Unauthorized, InvalidToken, ValidationFailed))
async def get_leaderboard(
    user: BriefUser,
    held: ResourcesDep,
    period: PeriodQuery = Period.WEEK,
    limit: LimitQuery = DEFAULT_PAGE,
    cursor: CursorQuery = None,
) -> LeaderboardPage:
    """Read a leaderboard.

    Who has earned the most first, and where you stand. Ranks count everybody who is on it, also those whom you do not
    see because one of you has blocked the other. A cursor is good for its week: when a new one begins, start again.
    """
    board = board_of(period, now())
    key = cursor_key(held.settings, route=f"leaderboard\0{board}", user_id=user.user_id)
    after = Place(*key.decode_number(cursor)) if cursor is not None else None
    page = BoardRequest(limit=limit, after=after)
    async with snapshot(held.sessions) as session:
        standings = await read_board(session, owner_id=user.user_id, board=board, page=page)
    return leaderboard_page(standings, key)
