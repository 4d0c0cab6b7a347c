"""What a learner has earned."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base
from lyo.core.ids import new_id


class UserProfile(Base):
    """Totals of one learner."""

    __tablename__ = "user_profiles"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    xp: Mapped[int] = mapped_column(server_default="0")
    current_streak: Mapped[int] = mapped_column(server_default="0")
    longest_streak: Mapped[int] = mapped_column(server_default="0")
    last_activity_date: Mapped[date | None]
    """In the learner's own time zone."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Badge(Base):
    """Something that can be earned once."""

    __tablename__ = "badges"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str]
    icon_url: Mapped[str | None] = mapped_column(String(500))
    criteria: Mapped[dict[str, Any]]


class UserBadge(Base):
    """A badge that a learner has earned."""

    __tablename__ = "user_badges"
    __table_args__ = (Index("ix_user_badges_badge_id", "badge_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    badge_id: Mapped[UUID] = mapped_column(ForeignKey("badges.id", ondelete="CASCADE"), primary_key=True)
    earned_at: Mapped[datetime] = mapped_column(server_default=func.now())
