"""Who stands where.

`leaderboard_scores` says what each visible learner has on each board. A rank is the number of those who have more, and
to count a million index entries takes too long; a counter for each number of XP would have to be changed by everybody
who earns something, one after the other. So a trigger notes each change of the scores in `leaderboard_changes`, to
which anybody can add at any time; a round of the worker folds these into `leaderboard_tallies`, a histogram in a few
levels; and whoever asks for a rank adds up both, which one statement sees as of one moment. So a rank is exact however
far behind the worker is, and only takes longer then.
"""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base

BoardName = String(8, collation="C")
"""`all`, or an ISO week such as `2026-W48`: in this collation they stand in the order of time, and `all` after them."""


class LeaderboardScore(Base):
    """What a learner has on one board. Who has nothing, or does not want to be seen, is not here."""

    __tablename__ = "leaderboard_scores"
    __table_args__ = (
        Index("ix_leaderboard_scores_board_xp_user_id", "board", text("xp DESC"), "user_id"),
        CheckConstraint("xp > 0", name="xp"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    board: Mapped[str] = mapped_column(BoardName, primary_key=True)
    xp: Mapped[int]


class LeaderboardTally(Base):
    """How many learners of a board have so many XP, as far as the changes are folded.

    A bucket of level 0 is a number of XP, and each level puts 64 buckets of the one below into one.
    """

    __tablename__ = "leaderboard_tallies"

    board: Mapped[str] = mapped_column(BoardName, primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    learners: Mapped[int]
    """May be negative for a while: changes are folded in any order."""


class LeaderboardChange(Base):
    """So many learners more, or fewer, have so many XP on a board, which the tallies do not know yet."""

    __tablename__ = "leaderboard_changes"
    __table_args__ = (Index("ix_leaderboard_changes_board_xp", "board", "xp"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    board: Mapped[str] = mapped_column(BoardName)
    xp: Mapped[int]
    learners: Mapped[int]
