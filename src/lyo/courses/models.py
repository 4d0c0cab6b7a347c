"""Courses, their lessons, and the items that lessons are made of."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base
from lyo.core.ids import new_id


class Course(Base):
    """A course, from the moment that it is asked for."""

    __tablename__ = "courses"
    __table_args__ = (
        CheckConstraint("status IN ('generating', 'completed')", name="status"),
        CheckConstraint("level IN ('beginner', 'intermediate', 'advanced')", name="level"),
        CheckConstraint("report IS NULL OR (status = 'completed' AND jsonb_typeof(report) = 'object')", name="report"),
        Index("ix_courses_user_id_created_at_id", "user_id", text("created_at DESC"), text("id DESC")),
        UniqueConstraint("user_id", "origin_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    task_id: Mapped[UUID | None] = mapped_column(unique=True)
    """The task that makes it. A course whose task ended as ERROR is shown as failed; see `service`. A copy has none."""
    origin_id: Mapped[UUID | None]
    """Of a copy, the course that was made: the same however many copies lie between, also when it is gone."""

    topic: Mapped[str] = mapped_column(String(200))
    interests: Mapped[list[str]] = mapped_column(ARRAY(String))
    level: Mapped[str] = mapped_column(String(20))
    locale: Mapped[str] = mapped_column(String(35))
    language: Mapped[str | None] = mapped_column(String(35))
    """What it is written in; another than the locale's where the library has no sources in that one."""

    title: Mapped[str] = mapped_column(String(500))
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(50), server_default="generating")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    completed_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), deferred=True)
    """The report card of a course that is whole, with its `version`; large, so only read where it is asked for."""

    completed_items: Mapped[int] = mapped_column(server_default="0")
    """How many of its items the learner has done."""
    current_item_id: Mapped[UUID | None]
    """Where the learner was when something was new last: opened, further or done."""
    current_item_at: Mapped[datetime | None]
    """When that was; what happened earlier and is told later does not move it."""
    learned_at: Mapped[datetime | None]
    """When the last item of the whole course was done."""


class Lesson(Base):
    """A lesson of a course: planned with the outline, ready once its items are there."""

    __tablename__ = "lessons"
    __table_args__ = (
        UniqueConstraint("course_id", "order_index"),
        CheckConstraint("status IN ('planned', 'ready')", name="status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    order_index: Mapped[int]
    """From 1."""
    title: Mapped[str] = mapped_column(String(500))
    objective: Mapped[str]
    status: Mapped[str] = mapped_column(String(20), server_default="planned")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CourseItem(Base):
    """Something to read, to watch, or to answer."""

    __tablename__ = "course_items"
    __table_args__ = (
        UniqueConstraint("lesson_id", "order_index"),
        Index("ix_course_items_course_id", "course_id"),
        CheckConstraint("type IN ('text', 'article', 'video', 'quiz')", name="type"),
        CheckConstraint("generated_by IN ('model', 'extractive', 'catalogue')", name="generated_by"),
        CheckConstraint("(type = 'quiz') = (questions IS NOT NULL)", name="quiz_has_questions"),
        CheckConstraint("jsonb_typeof(questions) = 'array' AND questions <> '[]'", name="questions"),
        CheckConstraint("(type = 'video') = (duration_seconds IS NOT NULL)", name="video_has_duration"),
        CheckConstraint("duration_seconds > 0", name="duration_seconds"),
        CheckConstraint("type <> 'text' OR content IS NOT NULL", name="text_has_content"),
        CheckConstraint("type NOT IN ('article', 'video') OR source_url IS NOT NULL", name="link_has_url"),
        CheckConstraint("source_url LIKE 'https://%'", name="source_url"),
        CheckConstraint("jsonb_typeof(citations) = 'array'", name="citations"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    order_index: Mapped[int]
    """Within the lesson, from 1."""
    type: Mapped[str] = mapped_column(String(50))
    title: Mapped[str] = mapped_column(String(500))
    content: Mapped[str | None]
    source: Mapped[str] = mapped_column(String(100))
    source_url: Mapped[str | None]
    duration_seconds: Mapped[int | None]
    generated_by: Mapped[str] = mapped_column(String(20))
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    questions: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    """Of a quiz, in order: id, prompt, options, key (0 to 3), explanation, quote, n (of the citation that the quote is
    from) and generatedBy. All but id, prompt and options are the server's until the question has been attempted."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ItemProgress(Base):
    """How far the learner is with an item. Nothing in it ever goes back."""

    __tablename__ = "item_progress"
    __table_args__ = (
        Index("ix_item_progress_course_id", "course_id"),
        CheckConstraint("position >= 0", name="position"),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("course_items.id", ondelete="CASCADE"), primary_key=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(server_default="0")
    """The furthest that was reached: the second of a video, the percentage of anything else."""
    opened_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


class QuizAttempt(Base):
    """A time that the learner has tried a quiz."""

    __tablename__ = "quiz_attempts"
    __table_args__ = (UniqueConstraint("item_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("course_items.id", ondelete="CASCADE"))
    number: Mapped[int]
    """From 1, for each quiz."""
    answers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """What was chosen for each question that was answered: questionId, option, correct."""
    score: Mapped[int]
    total: Mapped[int]
    attempted_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
