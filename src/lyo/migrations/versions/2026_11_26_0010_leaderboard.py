"""The leaderboard: scores, and what ranks are counted from. Who has XP is on it from the start."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NOTE_CHANGES = """
CREATE FUNCTION note_leaderboard_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO leaderboard_changes (board, xp, learners)
        SELECT board, xp, count(*) FROM new_rows GROUP BY board, xp;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO leaderboard_changes (board, xp, learners)
        SELECT board, xp, -count(*) FROM old_rows GROUP BY board, xp;
    ELSE
        INSERT INTO leaderboard_changes (board, xp, learners)
        SELECT board, xp, sum(one)
        FROM (SELECT board, xp, 1 AS one FROM new_rows UNION ALL SELECT board, xp, -1 FROM old_rows) AS rows
        GROUP BY board, xp HAVING sum(one) <> 0;
    END IF;
    RETURN NULL;
END $$
"""
TRANSITIONS = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
}

ALL_TIME = """
INSERT INTO leaderboard_scores (user_id, board, xp)
SELECT user_profiles.user_id, 'all', user_profiles.xp
FROM user_profiles JOIN users ON users.id = user_profiles.user_id
WHERE user_profiles.xp > 0 AND NOT users.leaderboard_opt_out
"""
THIS_WEEK = """
INSERT INTO leaderboard_scores (user_id, board, xp)
SELECT xp_entries.user_id, to_char(now() AT TIME ZONE 'UTC', 'IYYY"-W"IW'), sum(xp_entries.amount)
FROM xp_entries JOIN users ON users.id = xp_entries.user_id
WHERE xp_entries.created_at >= date_trunc('week', now(), 'UTC') AND NOT users.leaderboard_opt_out
GROUP BY xp_entries.user_id HAVING sum(xp_entries.amount) > 0
"""


def _board() -> sa.Column[str]:
    return sa.Column("board", sa.String(length=8, collation="C"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "leaderboard_scores",
        sa.Column("user_id", sa.UUID(), nullable=False),
        _board(),
        sa.Column("xp", sa.Integer(), nullable=False),
        sa.CheckConstraint("xp > 0", name=op.f("ck_leaderboard_scores_xp")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_leaderboard_scores_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "board", name=op.f("pk_leaderboard_scores")),
    )
    op.create_index(
        "ix_leaderboard_scores_board_xp_user_id",
        "leaderboard_scores",
        ["board", sa.literal_column("xp DESC"), "user_id"],
    )
    # Its rows change where they are: a page with room keeps them on it, and out of the index.
    op.create_table(
        "leaderboard_tallies",
        _board(),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("learners", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("board", "level", "bucket", name=op.f("pk_leaderboard_tallies")),
        postgresql_with={"fillfactor": 50},
    )
    # Every row lives for a second or so: clean up after them by their number, whatever the table's size.
    op.create_table(
        "leaderboard_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _board(),
        sa.Column("xp", sa.Integer(), nullable=False),
        sa.Column("learners", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaderboard_changes")),
        postgresql_with={"autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 10000},
    )
    op.create_index("ix_leaderboard_changes_board_xp", "leaderboard_changes", ["board", "xp"])
    op.execute(NOTE_CHANGES)
    for event, tables in TRANSITIONS.items():
        op.execute(
            f"CREATE TRIGGER note_{event} AFTER {event.upper()} ON leaderboard_scores REFERENCING {tables} "
            "FOR EACH STATEMENT EXECUTE FUNCTION note_leaderboard_changes()"
        )
    op.execute(ALL_TIME)
    op.execute(THIS_WEEK)


def downgrade() -> None:
    for table in ("leaderboard_changes", "leaderboard_tallies", "leaderboard_scores"):
        op.drop_table(table)
    op.execute("DROP FUNCTION note_leaderboard_changes")
