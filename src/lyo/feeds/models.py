"""What a learner's feed is made of."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base
from lyo.core.ids import new_id


class FeedItem(Base):
    """Something that happened and is worth telling: a finished course, a badge, a post."""

    __tablename__ = "feed_items"
    __table_args__ = (
        Index("ix_feed_items_user_id_created_at_id", "user_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    type: Mapped[str] = mapped_column(String(50))
    title: Mapped[str] = mapped_column(String(500))
    content: Mapped[str | None]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    # `metadata` is the specification's name for the column; the attribute is SQLAlchemy's.
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
