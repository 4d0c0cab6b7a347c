"""An index over the library's vectors for each language: a search by meaning no longer looks at every passage."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LANGUAGES = ("en", "es", "fr")


def upgrade() -> None:
    for language in LANGUAGES:
        op.create_index(
            f"ix_library_passages_embedding_{language}",
            "library_passages",
            ["embedding"],
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "vector_cosine_ops"},
            postgresql_where=f"language = '{language}'",
        )


def downgrade() -> None:
    for language in LANGUAGES:
        op.drop_index(f"ix_library_passages_embedding_{language}", table_name="library_passages")
