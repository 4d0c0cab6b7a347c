"""Who wants to see nothing of whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base


class UserBlock(Base):
    """A learner has blocked another: neither sees anything of the other."""

    __tablename__ = "user_blocks"
    __table_args__ = (
        CheckConstraint("user_id <> blocked_id", name="not_oneself"),
        Index("ix_user_blocks_blocked_id", "blocked_id"),
        Index("ix_user_blocks_user_id_created_at", "user_id", text("created_at DESC"), text("blocked_id DESC")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    blocked_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
