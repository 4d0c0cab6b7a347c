"""What a learner has earned."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base
from lyo.core.ids import new_id


class XpEntry(Base):
    """What was earned by one thing, once. Entries are never changed: a trigger sees to that."""

    __tablename__ = "xp_entries"
    __table_args__ = (
        UniqueConstraint("user_id", "kind", "source"),
        Index("ix_xp_entries_user_id_created_at", "user_id", text("created_at DESC")),
        CheckConstraint("amount >= 0", name="amount"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(30))
    source: Mapped[str] = mapped_column(String(100))
    """What it was earned by: mostly an id."""
    amount: Mapped[int]
    """In XP; 0 where the day had brought as much of this kind as a day can."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class UserProfile(Base):
    """Totals of one learner, changed in the transactions that change what they are totals of."""

    __tablename__ = "user_profiles"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    xp: Mapped[int] = mapped_column(server_default="0")
    """The sum of the ledger."""
    current_streak: Mapped[int] = mapped_column(server_default="0")
    """As of `last_activity_date`; what it is today, `streaks.standing` says."""
    longest_streak: Mapped[int] = mapped_column(server_default="0")
    last_activity_date: Mapped[date | None]
    """In the learner's own time zone."""
    freezes: Mapped[int] = mapped_column(server_default="0")
    """As of `last_activity_date`."""
    # Entries of the ledger by kind: see `lyo.gamification.values.FIGURES`.
    items_completed: Mapped[int] = mapped_column(server_default="0")
    courses_completed: Mapped[int] = mapped_column(server_default="0")
    questions_right: Mapped[int] = mapped_column(server_default="0")
    perfect_quizzes: Mapped[int] = mapped_column(server_default="0")
    reviews_done: Mapped[int] = mapped_column(server_default="0")
    posts_written: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class StreakDay(Base):
    """A day on which a learner has learned, by their own calendar."""

    __tablename__ = "streak_days"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]
    first_zone: Mapped[str]
    last_at: Mapped[datetime]
    last_zone: Mapped[str]


class Badge(Base):
    """Something that can be earned once. Badges are data: a migration adds more."""

    __tablename__ = "badges"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(String(50), unique=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str]
    icon_url: Mapped[str | None] = mapped_column(String(500))
    symbol: Mapped[str] = mapped_column(String(50))
    """Of Apple's SF Symbols."""
    criteria: Mapped[dict[str, Any]]
    """See `lyo.gamification.badges`."""


class UserBadge(Base):
    """A badge that a learner has earned."""

    __tablename__ = "user_badges"
    __table_args__ = (Index("ix_user_badges_badge_id", "badge_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    badge_id: Mapped[UUID] = mapped_column(ForeignKey("badges.id", ondelete="CASCADE"), primary_key=True)
    earned_at: Mapped[datetime] = mapped_column(server_default=func.now())
