"""The bundled library: passages with full text and vectors, and which editions of it are loaded."""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "library_passages",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("extract", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("document", TSVECTOR(), nullable=False),
        sa.Column("embedding", VECTOR(256), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library_passages")),
        sa.UniqueConstraint("language", "title", name=op.f("uq_library_passages_language_title")),
    )
    op.create_index(op.f("ix_library_passages_document"), "library_passages", ["document"], postgresql_using="gin")
    op.create_table(
        "library_editions",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "language", name=op.f("pk_library_editions")),
    )


def downgrade() -> None:
    # The extension stays: other things in the database may use it by then.
    op.drop_table("library_editions")
    op.drop_table("library_passages")
