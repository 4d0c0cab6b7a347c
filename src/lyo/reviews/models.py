"""What a learner is to be asked again, and when."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base
from lyo.core.ids import new_id


class ReviewCard(Base):
    """A question of a quiz that was answered once. The figures are those of FSRS: see `lyo.reviews.scheduling`."""

    __tablename__ = "review_cards"
    __table_args__ = (
        Index("ix_review_cards_item_id", "item_id"),
        Index("ix_review_cards_user_id_due_at_id", "user_id", "due_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("course_items.id", ondelete="CASCADE"))
    question_id: Mapped[UUID] = mapped_column(unique=True)
    """Of the quiz: a course is one learner's, and so are its questions."""
    is_first_right: Mapped[bool]
    """Whether the first answer was right, which is the one that scores."""
    state: Mapped[int]
    step: Mapped[int | None]
    stability: Mapped[float]
    difficulty: Mapped[float]
    due_at: Mapped[datetime]
    last_answered_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ReviewAnswer(Base):
    """An answer to a card: with all of them a scheduler can be fitted to its learner."""

    __tablename__ = "review_answers"
    __table_args__ = (Index("ix_review_answers_card_id", "card_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("review_cards.id", ondelete="CASCADE"))
    option: Mapped[int]
    is_right: Mapped[bool]
    answered_at: Mapped[datetime]
