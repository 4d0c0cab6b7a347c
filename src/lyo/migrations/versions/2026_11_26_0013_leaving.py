"""Who leaves takes the blocks in one order too: those who have blocked each other may leave at the same time."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION lock_blocks_of_leaver() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM user_blocks WHERE OLD.id IN (user_id, blocked_id) ORDER BY user_id, blocked_id FOR UPDATE;
            RETURN OLD;
        END $$;
        """
    )
    op.execute(
        "CREATE TRIGGER blocks_locked BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION lock_blocks_of_leaver()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER blocks_locked ON users")
    op.execute("DROP FUNCTION lock_blocks_of_leaver()")
