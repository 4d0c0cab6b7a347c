"""What learners write to each other, and what others think of it.

`like_count` and `comment_count` of posts are kept by triggers on `post_likes` and `comments`: so they are right also
when an account is deleted, which reaches these tables by foreign keys alone.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base
from lyo.core.ids import new_id


class Post(Base):
    """Something that a learner tells all others."""

    __tablename__ = "posts"
    __table_args__ = (
        Index("ix_posts_created_at_id", text("created_at DESC"), text("id DESC")),
        Index("ix_posts_user_id_created_at_id", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_posts_course_id", "course_id"),
        CheckConstraint("like_count >= 0", name="like_count"),
        CheckConstraint("comment_count >= 0", name="comment_count"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    course_id: Mapped[UUID | None] = mapped_column(ForeignKey("courses.id", ondelete="SET NULL"))
    """A whole course of the author's that the readers may have a copy of."""
    origin_id: Mapped[UUID | None]
    """Of that course the one that was made, so that a reader's copy is found also when the author's is gone."""
    content: Mapped[str]
    """Markdown, sanitised."""
    like_count: Mapped[int] = mapped_column(server_default="0")
    comment_count: Mapped[int] = mapped_column(server_default="0")
    """Without hidden ones."""
    hidden_at: Mapped[datetime | None]
    """Since when only the author and the moderators see it."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PostLike(Base):
    """Somebody likes a post."""

    __tablename__ = "post_likes"
    __table_args__ = (Index("ix_post_likes_user_id", "user_id"),)

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Comment(Base):
    """Something that a learner says to a post."""

    __tablename__ = "comments"
    __table_args__ = (
        Index("ix_comments_post_id_created_at_id", "post_id", "created_at", "id"),
        Index("ix_comments_user_id", "user_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    content: Mapped[str]
    """Markdown, sanitised."""
    hidden_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ModerationCase(Base):
    """Something that was reported, once or often, until a moderator closes it; what is reported anew is a new case."""

    __tablename__ = "moderation_cases"
    __table_args__ = (
        CheckConstraint("num_nonnulls(post_id, comment_id, reported_id) = 1", name="one_target"),
        CheckConstraint("outcome IN ('hidden', 'dismissed', 'resolved')", name="outcome"),
        CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="closed_with_outcome"),
        *(
            Index(f"uq_moderation_cases_open_{name}", name, unique=True, postgresql_where=text("closed_at IS NULL"))
            for name in ("post_id", "comment_id", "reported_id")
        ),
        Index("ix_moderation_cases_post_id", "post_id"),
        Index("ix_moderation_cases_comment_id", "comment_id"),
        Index("ix_moderation_cases_reported_id", "reported_id"),
        Index("ix_moderation_cases_open", "created_at", "id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_moderation_cases_closed", "created_at", "id", postgresql_where=text("closed_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    post_id: Mapped[UUID | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    comment_id: Mapped[UUID | None] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"))
    reported_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Somebody, and not something that they wrote."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))


class ContentReport(Base):
    """What one learner thinks is wrong with a post, a comment or somebody. It is theirs, and goes with them."""

    __tablename__ = "content_reports"
    __table_args__ = (
        UniqueConstraint("case_id", "user_id"),
        Index("ix_content_reports_user_id", "user_id"),
        CheckConstraint(
            "reason IN ('spam', 'harassment', 'hate', 'sexual', 'violence', 'self_harm', 'misinformation', 'other')",
            name="reason",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("moderation_cases.id", ondelete="CASCADE"))
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ModerationAction(Base):
    """What a moderator has done. Never changed and never deleted: a trigger sees to that.

    Who did it and whom it was about are forgotten when they leave; the ids of posts and comments lead nowhere then.
    """

    __tablename__ = "moderation_actions"
    __table_args__ = (
        Index("ix_moderation_actions_moderator_id", "moderator_id"),
        Index("ix_moderation_actions_subject_id", "subject_id"),
        CheckConstraint("action IN ('hide', 'restore', 'dismiss', 'resolve')", name="action"),
        CheckConstraint("target_type IN ('post', 'comment', 'user')", name="target_type"),
        CheckConstraint("(target_type = 'user') = (target_id IS NULL)", name="user_is_subject"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    # The first of the two: a row is in the export of whoever did it.
    moderator_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    subject_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """The author, or the person who was reported."""
    action: Mapped[str] = mapped_column(String(20))
    target_type: Mapped[str] = mapped_column(String(20))
    target_id: Mapped[UUID | None]
    """Of the post or the comment."""
    reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
