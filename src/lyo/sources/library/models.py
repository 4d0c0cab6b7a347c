"""The bundled library's tables."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base
from lyo.sources.library.embedding import DIMENSIONS


class LibraryPassage(Base):
    """One article's lead extract, with what each of the two searches needs.

    There is no index over `embedding`: over 10,000 passages a language the exact scan takes some milliseconds, and
    an HNSW index would cost more at loading than it ever saves at searching.
    """

    __tablename__ = "library_passages"
    __table_args__ = (
        UniqueConstraint("language", "title"),
        Index(None, "document", postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    language: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None]
    topic: Mapped[str | None]
    extract: Mapped[str]
    url: Mapped[str]
    licence: Mapped[str]
    document: Mapped[Any] = mapped_column(TSVECTOR, nullable=False)
    """Title (weight A), description (B) and extract (D), in the language's own configuration."""
    embedding: Mapped[Any] = mapped_column(VECTOR(DIMENSIONS), nullable=False)


class LibraryEdition(Base):
    """What is loaded: one row for each language of a bundle."""

    __tablename__ = "library_editions"

    name: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]
    rows: Mapped[int]
    loaded_at: Mapped[datetime]
