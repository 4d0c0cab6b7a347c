"""Tasks, their numbered events, and the steps that are done.

The task's row is the truth about it and carries its lease; everything that a client sees of it is also an event.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base


class Task(Base):
    """Work that was promised with a 202."""

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("state IN ('PENDING', 'RUNNING', 'DONE', 'ERROR')", name="state"),
        CheckConstraint("progress_pct BETWEEN 0 AND 100", name="progress_pct"),
        CheckConstraint("(state = 'ERROR') = (error_code IS NOT NULL)", name="error_has_code"),
        Index("ix_tasks_user_id_created_at_id", "user_id", text("created_at DESC"), text("id DESC")),
        # The sweeper looks at open tasks only, of which there are few however many there have been.
        Index("ix_tasks_open", "due_at", postgresql_where=text("state IN ('PENDING', 'RUNNING')")),
        # So are those that a promise is weighed against: one learner's open ones, and all that wait.
        Index("ix_tasks_open_user_id", "user_id", postgresql_where=text("state IN ('PENDING', 'RUNNING')")),
        Index("ix_tasks_pending", "created_at", postgresql_where=text("state = 'PENDING'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    job: Mapped[str]
    """Name of the job that does it; the sweeper sends it again from here."""

    state: Mapped[str] = mapped_column(String(20), server_default="PENDING")
    progress_pct: Mapped[int] = mapped_column(server_default="0")
    message: Mapped[str | None]
    error_code: Mapped[str | None]
    provisional_course_id: Mapped[UUID | None]
    result_course_id: Mapped[UUID | None]
    seq: Mapped[int] = mapped_column(server_default="1")
    """Number of the latest event: one more with each change, so that a client can say what it has seen."""

    fence: Mapped[int] = mapped_column(server_default="0")
    """One more with each claim and with each ending: a worker whose number is old can write no more."""
    attempts: Mapped[int] = mapped_column(server_default="0")
    """Claims since the last finished step."""
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    due_at: Mapped[datetime]
    """When the sweeper looks at it: never before the end of a lease, and later each time it has called a worker."""
    deadline_at: Mapped[datetime]

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]


class TaskEvent(Base):
    """What a client could see of a task from this change on, until the next."""

    __tablename__ = "task_events"

    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    progress_pct: Mapped[int]
    message: Mapped[str | None]
    error_code: Mapped[str | None]
    result_course_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TaskStep(Base):
    """A step of a task that is finished and is not done again, with what later steps need of it."""

    __tablename__ = "task_steps"

    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    output: Mapped[dict[str, Any]]
    fence: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
