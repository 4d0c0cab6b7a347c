"""What brings learners back: the ledger of XP, days of learning, badges as data, feeds that others read, blocks."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def _at_least(figure: str, count: int) -> dict[str, Any]:
    return {"figure": figure, "atLeast": count}


BADGES: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("first-step", "First step", "Finish your first item.", "figure.walk", _at_least("itemsCompleted", 1)),
    ("page-turner", "Page turner", "Finish 50 items.", "book", _at_least("itemsCompleted", 50)),
    ("bookworm", "Bookworm", "Finish 500 items.", "books.vertical", _at_least("itemsCompleted", 500)),
    ("graduate", "Graduate", "Complete a course.", "graduationcap", _at_least("coursesCompleted", 1)),
    ("polymath", "Polymath", "Complete five courses.", "brain.head.profile", _at_least("coursesCompleted", 5)),
    ("scholar", "Scholar", "Complete 25 courses.", "building.columns", _at_least("coursesCompleted", 25)),
    ("sharp", "Sharp", "Answer a whole quiz right at the first try.", "target", _at_least("perfectQuizzes", 1)),
    ("flawless", "Flawless", "Do that with ten quizzes.", "sparkles", _at_least("perfectQuizzes", 10)),
    ("well-informed", "Well informed", "Answer 100 questions right.", "lightbulb", _at_least("questionsRight", 100)),
    ("kindled", "Kindled", "Learn three days in a row.", "flame", _at_least("longestStreak", 3)),
    ("whole-week", "A whole week", "Learn seven days in a row.", "calendar", _at_least("longestStreak", 7)),
    ("whole-month", "A whole month", "Learn 30 days in a row.", "moon.stars", _at_least("longestStreak", 30)),
    ("hundred-days", "A hundred days", "Learn 100 days in a row.", "mountain.2", _at_least("longestStreak", 100)),
    ("whole-year", "A whole year", "Learn 365 days in a row.", "sun.max", _at_least("longestStreak", 365)),
    ("rehearsed", "Rehearsed", "Do ten reviews.", "arrow.triangle.2.circlepath", _at_least("reviewsDone", 10)),
    ("never-forgets", "Never forgets", "Do 250 reviews.", "memories", _at_least("reviewsDone", 250)),
    ("thousand", "A thousand", "Earn 1,000 XP.", "star", _at_least("xp", 1_000)),
    ("ten-thousand", "Ten thousand", "Earn 10,000 XP.", "crown", _at_least("xp", 10_000)),
    ("first-words", "First words", "Write your first post.", "text.bubble", _at_least("postsWritten", 1)),
    (
        "early-bird",
        "Early bird",
        "Learn between five and seven in the morning.",
        "sunrise",
        {"figure": "localHour", "atLeast": 5, "atMost": 6},
    ),
    ("night-owl", "Night owl", "Learn after ten at night.", "moon", _at_least("localHour", 22)),
)
"""Slug, name, how to earn it, its SF Symbol, and its criteria."""

COUNTS = ("freezes", "items_completed", "courses_completed", "questions_right", "perfect_quizzes", "reviews_done")


def upgrade() -> None:
    _accounts()
    _ledger()
    _badges()
    _feeds()


def _accounts() -> None:
    op.add_column("users", sa.Column("shares_milestones", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "past_time_zones",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_past_time_zones_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "until", name=op.f("pk_past_time_zones")),
    )
    op.create_table(
        "user_blocks",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("blocked_id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("user_id <> blocked_id", name=op.f("ck_user_blocks_not_oneself")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_blocks_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["blocked_id"], ["users.id"], name=op.f("fk_user_blocks_blocked_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "blocked_id", name=op.f("pk_user_blocks")),
    )
    op.create_index("ix_user_blocks_blocked_id", "user_blocks", ["blocked_id"])
    op.create_index(
        "ix_user_blocks_user_id_created_at",
        "user_blocks",
        ["user_id", sa.literal_column("created_at DESC"), sa.literal_column("blocked_id DESC")],
    )


def _ledger() -> None:
    op.create_table(
        "xp_entries",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_xp_entries_amount")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_xp_entries_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_xp_entries")),
        sa.UniqueConstraint("user_id", "kind", "source", name=op.f("uq_xp_entries_user_id_kind_source")),
    )
    op.create_index("ix_xp_entries_user_id_created_at", "xp_entries", ["user_id", sa.literal_column("created_at DESC")])
    op.execute(APPEND_ONLY)
    op.execute("CREATE TRIGGER append_only BEFORE UPDATE ON xp_entries FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    for name in (*COUNTS, "posts_written"):
        op.add_column("user_profiles", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "streak_days",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_zone", sa.Text(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_zone", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_streak_days_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_streak_days")),
    )


def _badges() -> None:
    # There were none before, since nothing awarded any.
    op.execute("DELETE FROM badges")
    op.add_column("badges", sa.Column("slug", sa.String(length=50), nullable=False))
    op.add_column("badges", sa.Column("symbol", sa.String(length=50), nullable=False))
    op.create_unique_constraint(op.f("uq_badges_slug"), "badges", ["slug"])
    badges = sa.table(
        "badges",
        sa.column("id", sa.UUID()),
        *(sa.column(name, sa.Text()) for name in ("slug", "name", "description", "symbol")),
        sa.column("criteria", postgresql.JSONB()),
    )
    op.bulk_insert(
        badges,
        [
            {
                "id": uuid5(NAMESPACE_URL, f"https://api.lyo.app/badges/{slug}"),
                "slug": slug,
                "name": name,
                "description": description,
                "symbol": symbol,
                "criteria": criteria,
            }
            for slug, name, description, symbol, criteria in BADGES
        ],
    )


def _feeds() -> None:
    # Nothing has written to feeds before.
    op.execute("DELETE FROM feed_items")
    op.add_column("feed_items", sa.Column("source_id", sa.UUID(), nullable=False))
    op.add_column("feed_items", sa.Column("is_public", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_check_constraint(
        op.f("ck_feed_items_type"), "feed_items", "type IN ('course_completion', 'achievement', 'community_post')"
    )
    op.create_unique_constraint(
        op.f("uq_feed_items_user_id_type_source_id"), "feed_items", ["user_id", "type", "source_id"]
    )
    op.create_index(
        "ix_feed_items_created_at_id",
        "feed_items",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("is_public"),
    )


def downgrade() -> None:
    op.drop_index("ix_feed_items_created_at_id", "feed_items")
    op.drop_constraint(op.f("uq_feed_items_user_id_type_source_id"), "feed_items")
    op.drop_constraint(op.f("ck_feed_items_type"), "feed_items")
    op.drop_column("feed_items", "is_public")
    op.drop_column("feed_items", "source_id")
    op.execute("DELETE FROM badges")
    op.drop_constraint(op.f("uq_badges_slug"), "badges")
    op.drop_column("badges", "symbol")
    op.drop_column("badges", "slug")
    op.drop_table("streak_days")
    for name in (*COUNTS, "posts_written"):
        op.drop_column("user_profiles", name)
    op.drop_table("xp_entries")
    op.execute("DROP FUNCTION refuse_change")
    op.drop_table("user_blocks")
    op.drop_table("past_time_zones")
    op.drop_column("users", "shares_milestones")
