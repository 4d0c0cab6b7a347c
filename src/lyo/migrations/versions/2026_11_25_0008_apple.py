"""Who signs in with Apple: a user may be without password and address."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$YfXZDN6IuaERq7lf2L4auQ$J25dUEVdu+uEvEBmZXUlRUgZc4df7k6uNJD2XBP+twk"
"""Of random bytes that nobody kept: on the way down, an account that had no password gets one that does not exist."""


def upgrade() -> None:
    op.alter_column("users", "email", existing_type=sa.Text(), nullable=True)
    op.alter_column("users", "password_hash", existing_type=sa.Text(), nullable=True)
    op.create_table(
        "apple_identities",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("is_email_verified", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_private_email", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_email_forwarded", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_apple_identities_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_apple_identities")),
        sa.UniqueConstraint("user_id", name=op.f("uq_apple_identities_user_id")),
    )
    op.create_table(
        "apple_nonces",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_apple_nonces")),
    )
    op.create_index(op.f("ix_apple_nonces_expires_at"), "apple_nonces", ["expires_at"])
    op.create_table(
        "apple_notices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apple_notices")),
    )
    op.create_index(op.f("ix_apple_notices_expires_at"), "apple_notices", ["expires_at"])
    op.create_table(
        "apple_revocations",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apple_revocations")),
    )
    op.create_index(op.f("ix_apple_revocations_due_at"), "apple_revocations", ["due_at"])


def downgrade() -> None:
    op.drop_table("apple_revocations")
    op.drop_table("apple_notices")
    op.drop_table("apple_nonces")
    op.drop_table("apple_identities")
    op.execute("UPDATE users SET email = id || '@users.invalid' WHERE email IS NULL")
    op.execute(
        sa.text("UPDATE users SET password_hash = :hash WHERE password_hash IS NULL").bindparams(hash=NOBODYS_HASH)
    )
    op.alter_column("users", "password_hash", existing_type=sa.Text(), nullable=False)
    op.alter_column("users", "email", existing_type=sa.Text(), nullable=False)
