"""How a board is read from a place on, in either direction: each is a statement that is made once.

To make one takes longer than to run it. The order goes down by XP and up by id, which no comparison of rows follows: so
those with as much XP come first, and then the rest; each half comes from the index and is no longer than what is asked
for.
"""

from functools import cache
from typing import Any

from sqlalchemy import Select, Subquery, bindparam, select, union_all

from lyo.blocks.repo import is_hidden_from
from lyo.gamification.leaderboard.models import LeaderboardScore as Score

Rows = Select[int, Any]

_XP = bindparam("xp", type_=Score.xp.type)
_USER = bindparam("user_id", type_=Score.user_id.type)
_AT_MOST = bindparam("at_most", type_=Score.xp.type)


@cache
def from_the_top() -> Rows:
    """The first `at_most` on `board` whom `owner_id` sees."""
    return _down(_seen())


@cache
def after() -> Rows:
    """The next, after the place of `xp` and `user_id`."""
    either = _either(
        _down(_seen().where(Score.xp == _XP, Score.user_id > _USER)),
        _down(_seen().where(Score.xp < _XP)),
    )
    return select(either).order_by(either.c.xp.desc(), either.c.user_id).limit(_AT_MOST)


@cache
def before() -> Rows:
    """Those before that place, the nearest first."""
    either = _either(
        _up(_seen().where(Score.xp == _XP, Score.user_id < _USER)),
        _up(_seen().where(Score.xp > _XP)),
    )
    return select(either).order_by(either.c.xp, either.c.user_id.desc()).limit(_AT_MOST)


def _seen() -> Rows:
    board = bindparam("board", type_=Score.board.type)
    owner_id = bindparam("owner_id", type_=Score.user_id.type)
    return select(Score.xp, Score.user_id).where(Score.board == board, ~is_hidden_from(owner_id, Score.user_id))


def _down(rows: Rows) -> Rows:
    return rows.order_by(Score.xp.desc(), Score.user_id).limit(_AT_MOST)


def _up(rows: Rows) -> Rows:
    return rows.order_by(Score.xp, Score.user_id.desc()).limit(_AT_MOST)


def _either(*halves: Rows) -> Subquery:
    return union_all(*(select(half.subquery()) for half in halves)).subquery()
