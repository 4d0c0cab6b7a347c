"""Ranks: how many have more, added up from the histogram and from what it does not know yet. No table is scanned."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, select, union_all

from lyo.gamification.leaderboard.models import LeaderboardChange, LeaderboardTally

LEVELS: Final = 4
LEVEL_BITS: Final = 6
"""Each level has buckets of 64 of the level below, and the last has as many as there are: 262,144 XP in each."""

Tally = LeaderboardTally
Change = LeaderboardChange
Counted = tuple[int, int]
"""A number of XP, and of learners; or `MORE`, and so many have more than the most that was asked about."""
MORE: Final = -1


def bucket_of(xp: ColumnElement[int], level: int | ColumnElement[int]) -> ColumnElement[int]:
    """The bucket of a level that so many XP are in."""
    return xp.bitwise_rshift(level * LEVEL_BITS)


@cache
def count() -> Select[Any, Any]:
    """How many learners of `board` have each number of XP from `least` to `most`, and how many have `MORE`."""
    board = bindparam("board", type_=Tally.board.type)
    least, most = (bindparam(name, type_=Tally.bucket.type) for name in ("least", "most"))
    each = union_all(
        *_more(board, most),
        select(Tally.bucket, Tally.learners).where(
            Tally.board == board, Tally.level == 0, Tally.bucket.between(least, most)
        ),
        select(Change.xp, Change.learners).where(Change.board == board, Change.xp.between(least, most)),
    ).subquery()
    xp, learners = each.c
    return select(xp.label("xp"), func.sum(learners).label("learners")).group_by(xp)


def _more(board: ColumnElement[str], xp: ColumnElement[int]) -> Iterator[Select[Any, Any]]:
    """Of each level the buckets above that of `xp` which share the one of the next level with it: at most 63."""
    more = literal(MORE, Tally.bucket.type).label("xp")
    for level in range(LEVELS):
        above = select(more, Tally.learners).where(Tally.board == board, Tally.level == level)
        above = above.where(Tally.bucket > bucket_of(xp, level))
        if level < LEVELS - 1:
            above = above.where(Tally.bucket < (bucket_of(xp, level + 1) + 1).bitwise_lshift(LEVEL_BITS))
        yield above
    yield select(more, Change.learners).where(Change.board == board, Change.xp > xp)


def ranks(counted: Sequence[Counted]) -> Mapping[int, int]:
    """The rank of each number of XP that was counted."""
    learners = dict(counted)
    more = learners.pop(MORE, 0)
    falling = sorted(learners, reverse=True)
    ahead = accumulate((learners[xp] for xp in falling), initial=more)
    return {xp: 1 + before for xp, before in zip(falling, ahead, strict=False)}
