"""What sources share between processes: their answers, what they have spent of a budget, and whose turn it is."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base


class SourceAnswer(Base):
    """What a source found for a query, until it expires."""

    __tablename__ = "source_answers"
    __table_args__ = (Index(None, "expires_at"),)

    source: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    """As asked, in small letters: with the region, where the asker named one."""
    query: Mapped[str] = mapped_column(primary_key=True)
    """Normalised; see `lyo.sources.cache`."""
    limit: Mapped[int] = mapped_column("most", primary_key=True)
    found: Mapped[list[Any]] = mapped_column(JSONB)
    expires_at: Mapped[datetime]


class SourceBudget(Base):
    """How many calls of a source's daily budget have been made."""

    __tablename__ = "source_budgets"

    source: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    """As the source counts its days."""
    spent: Mapped[int]


class SourceTurn(Base):
    """When a source that may be asked by one at a time may be asked next."""

    __tablename__ = "source_turns"

    source: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]
