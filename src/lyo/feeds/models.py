"""What a learner's feed is made of."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, func, text
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base
from lyo.core.ids import new_id


class FeedItem(Base):
    """Something that happened and is worth telling: a finished course, a badge, a post."""

    __tablename__ = "feed_items"
    __table_args__ = (
        Index("ix_feed_items_user_id_created_at_id", "user_id", text("created_at DESC"), text("id DESC")),
        Index(
            "ix_feed_items_created_at_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text("is_public"),
        ),
        UniqueConstraint("user_id", "type", "source_id"),
        CheckConstraint("type IN ('course_completion', 'achievement', 'community_post')", name="type"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    type: Mapped[str] = mapped_column(String(50))
    title: Mapped[str] = mapped_column(String(500))
    content: Mapped[str | None]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    # `metadata` is the specification's name for the column; the attribute is SQLAlchemy's.
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    source_id: Mapped[UUID]
    """What it is about: a course, a badge, a post. Each is told once."""
    is_public: Mapped[bool] = mapped_column(server_default=false())
    """Whether it is in the feeds of others."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class FeedHiding(Base):
    """A reader does not want to see an item any more."""

    __tablename__ = "feed_hidings"
    __table_args__ = (Index("ix_feed_hidings_item_id", "item_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("feed_items.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
