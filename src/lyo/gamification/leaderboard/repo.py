"""Every SQL statement about who stands where."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    SmallInteger,
    cast,
    delete,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.models import User
from lyo.core.db import a_few
from lyo.gamification.leaderboard import counting, reading
from lyo.gamification.leaderboard.models import LeaderboardChange, LeaderboardScore, LeaderboardTally
from lyo.gamification.leaderboard.values import ALL_TIME, WEEK, Place, week_begins, week_of
from lyo.gamification.models import UserProfile, XpEntry

Score = LeaderboardScore
Tally = LeaderboardTally
Change = LeaderboardChange
KEY = ("board", "level", "bucket")


async def keep_scores(session: AsyncSession, *, owner_id: UUID, moment: datetime) -> None:
    """Put what the owner has, of all time and of the week of `moment`, on these boards; the owner is locked.

    It is read anew from the ledger and its sum, so a score that was missing or wrong is right from now on.
    """
    monday = week_begins(moment)
    of_all_time = select(UserProfile.user_id, literal(ALL_TIME, Score.board.type), UserProfile.xp)
    earned = func.sum(XpEntry.amount)
    of_week = (
        select(XpEntry.user_id, literal(week_of(moment), Score.board.type), earned)
        .where(XpEntry.user_id == owner_id, XpEntry.created_at >= monday, XpEntry.created_at < monday + WEEK)
        .group_by(XpEntry.user_id)
        .having(earned > 0)
    )
    scores = union_all(of_all_time.where(UserProfile.user_id == owner_id, UserProfile.xp > 0), of_week)
    kept = upsert(Score).from_select(["user_id", "board", "xp"], scores)
    changed = kept.on_conflict_do_update(
        index_elements=[Score.user_id, Score.board], set_={"xp": kept.excluded.xp}, where=Score.xp != kept.excluded.xp
    )
    await session.flush()
    await session.execute(changed)


async def delete_scores(session: AsyncSession, *, owner_id: UUID) -> None:
    """Take the owner off all boards."""
    await session.execute(delete(Score).where(Score.user_id == owner_id))


async def place_of(session: AsyncSession, *, owner_id: UUID, board: str) -> Place | None:
    """Where the owner stands on a board, or None if the owner is not on it."""
    mine = select(Score.xp, Score.user_id).where(Score.user_id == owner_id, Score.board == board)
    row = (await session.execute(mine)).one_or_none()
    return None if row is None else Place(row.xp, row.user_id)


async def places_after(
    session: AsyncSession, *, owner_id: UUID, board: str, after: Place | None, at_most: int
) -> list[Place]:
    """The next learners that the owner sees on a board, after a place or from the top."""
    asked = {"owner_id": owner_id, "board": board, "at_most": at_most}
    if after is None:
        rows = await session.execute(reading.from_the_top(), asked)
    else:
        rows = await session.execute(reading.after(), {**asked, "xp": after.xp, "user_id": after.user_id})
    return [Place(*row) for row in rows]


async def places_before(
    session: AsyncSession, *, owner_id: UUID, board: str, before: Place, at_most: int
) -> list[Place]:
    """The last learners that the owner sees on a board before a place, in its order."""
    asked = {"owner_id": owner_id, "board": board, "at_most": at_most, "xp": before.xp, "user_id": before.user_id}
    return [Place(*row) for row in await session.execute(reading.before(), asked)][::-1]


async def ranks_of(session: AsyncSession, *, board: str, least: int, most: int) -> Mapping[int, int]:
    """The rank of each number of XP from `least` to `most` that somebody on the board has."""
    counted = await session.execute(counting.count(), {"board": board, "least": least, "most": most})
    return counting.ranks([(row.xp, int(row.learners)) for row in counted])


async def names_of_unscoped(session: AsyncSession, *, user_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """The display names of these learners, whom the caller may see."""
    named = select(User.id, User.display_name).where(User.id.in_(set(user_ids)))
    return {row.id: row.display_name for row in await session.execute(named)}


async def fold(session: AsyncSession, *, at_most: int) -> int:
    """Put so many changes, which nobody else is folding, into the tallies; returns how many there were.

    Two who fold wait for each other's tallies, all of them in one order, so that nobody waits in a circle.
    """
    chosen = a_few(select(Change.id).order_by(Change.id), at_most)
    taken = delete(Change).where(Change.id.in_(chosen)).returning(Change.board, Change.xp, Change.learners).cte("taken")
    levels = func.generate_series(0, counting.LEVELS - 1).table_valued("level").render_derived()
    level: ColumnElement[int] = levels.c.level
    key = (taken.c.board, cast(level, SmallInteger), counting.bucket_of(taken.c.xp, level))
    learners = func.sum(taken.c.learners)
    sums = select(*key, learners).join_from(taken, levels, true()).group_by(*key).having(learners != 0).order_by(*key)
    added = upsert(Tally).from_select([*KEY, "learners"], sums)
    folded = (
        added.on_conflict_do_update(index_elements=KEY, set_={"learners": Tally.learners + added.excluded.learners})
        .returning(Tally.board, Tally.level, Tally.bucket, Tally.learners)
        .cte("folded")
    )
    emptied = select(folded.c.board, folded.c.level, folded.c.bucket).where(folded.c.learners == 0).subquery()
    count = select(func.count().label("changes")).select_from(taken).subquery()
    rows = (await session.execute(select(count, emptied).join_from(count, emptied, true(), isouter=True))).all()
    empty = [(row.board, row.level, row.bucket) for row in rows if row.board is not None]
    if empty:
        await session.execute(delete(Tally).where(tuple_(Tally.board, Tally.level, Tally.bucket).in_(empty)))
    return int(rows[0].changes)


async def delete_boards(session: AsyncSession, *, before: str, at_most: int) -> int:
    """Delete so many scores of weeks before that one; returns how many there were. Their changes empty the tallies."""
    old = select(Score.user_id, Score.board).where(Score.board < before, Score.board != ALL_TIME).order_by(Score.board)
    key = tuple_(Score.user_id, Score.board)
    gone = delete(Score).where(key.in_(a_few(old, at_most))).returning(Score.board)
    return len((await session.execute(gone)).all())
