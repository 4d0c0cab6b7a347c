"""The bundled library's tables."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base
from lyo.sources.library.bundle import LANGUAGES
from lyo.sources.library.embedding import DIMENSIONS

NEAREST = {
    language: Index(
        f"ix_library_passages_embedding_{language}",
        "embedding",
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "vector_cosine_ops"},
        postgresql_where=text(f"language = '{language}'"),
    )
    for language in LANGUAGES
}
"""One index over the vectors of each language: another's are never an answer. Unlike a scan of them all it is not
exact, but with `search.SEARCHED` it gave the same answers to all but one of the 1,166 searches of 25 courses, six times
as fast."""


class LibraryPassage(Base):
    """One article's lead extract, with what each of the two searches needs."""

    __tablename__ = "library_passages"
    __table_args__ = (
        UniqueConstraint("language", "title"),
        Index(None, "document", postgresql_using="gin"),
        *NEAREST.values(),
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
