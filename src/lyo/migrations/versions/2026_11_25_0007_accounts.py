"""A learner may leave the leaderboard; what is purged is found by its age; forgotten keys can be used again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "users", sa.Column("leaderboard_opt_out", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"])
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    # `idempotency_keys` alone says whether a request was made before.
    op.drop_constraint(op.f("uq_tasks_user_id_idempotency_key"), "tasks", type_="unique")


def downgrade() -> None:
    op.execute(
        "UPDATE tasks SET idempotency_key = left(idempotency_key, 218) || ' ' || id WHERE id NOT IN "
        "(SELECT DISTINCT ON (user_id, idempotency_key) id FROM tasks ORDER BY user_id, idempotency_key, created_at)"
    )
    op.create_unique_constraint(op.f("uq_tasks_user_id_idempotency_key"), "tasks", ["user_id", "idempotency_key"])
    op.drop_index("ix_idempotency_keys_created_at", table_name="idempotency_keys")
    op.drop_index("ix_refresh_tokens_expires_at", table_name="refresh_tokens")
    op.drop_column("users", "leaderboard_opt_out")
