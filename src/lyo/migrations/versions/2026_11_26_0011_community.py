"""What learners write to each other: posts, likes, comments; reports, and what moderators make of them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

COUNTING = """
CREATE FUNCTION count_likes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In the order of their ids, as everybody who takes several posts: so no two wait for each other.
    PERFORM FROM posts WHERE id IN (SELECT post_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
    UPDATE posts SET like_count = like_count + CASE TG_OP WHEN 'INSERT' THEN counted.rows ELSE -counted.rows END
        FROM (SELECT post_id, count(*) AS rows FROM changed GROUP BY post_id) AS counted
        WHERE posts.id = counted.post_id;
    RETURN NULL;
END $$;

CREATE FUNCTION count_comments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM posts WHERE id IN (SELECT post_id FROM changed WHERE hidden_at IS NULL) ORDER BY id FOR NO KEY UPDATE;
    UPDATE posts SET comment_count = comment_count + CASE TG_OP WHEN 'INSERT' THEN counted.rows ELSE -counted.rows END
        FROM (SELECT post_id, count(*) AS rows FROM changed WHERE hidden_at IS NULL GROUP BY post_id) AS counted
        WHERE posts.id = counted.post_id;
    RETURN NULL;
END $$;

CREATE FUNCTION count_hidden_comments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM posts WHERE id IN (SELECT post_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
    UPDATE posts SET comment_count = comment_count + counted.rows
        FROM (
            SELECT post_id, sum(seen) AS rows FROM (
                SELECT post_id, 1 AS seen FROM changed WHERE hidden_at IS NULL
                UNION ALL SELECT post_id, -1 FROM former WHERE hidden_at IS NULL
            ) AS each_row GROUP BY post_id
        ) AS counted
        WHERE posts.id = counted.post_id AND counted.rows <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION lock_posts_of_leaver() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Foreign keys take likes and comments along, each in a pass of its own: all posts that they change are taken
    -- before, in one order.
    PERFORM FROM posts WHERE id IN (
        SELECT id FROM posts WHERE user_id = OLD.id
        UNION ALL SELECT post_id FROM post_likes WHERE user_id = OLD.id
        UNION ALL SELECT post_id FROM comments WHERE user_id = OLD.id
    ) ORDER BY id FOR NO KEY UPDATE;
    RETURN OLD;
END $$;

CREATE FUNCTION keep_action() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- All that may happen to a row: somebody in it leaves.
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.moderator_id IS NULL OR NEW.moderator_id = OLD.moderator_id)
            AND (NEW.subject_id IS NULL OR NEW.subject_id = OLD.subject_id)
            AND to_jsonb(NEW) - 'moderator_id' - 'subject_id' = to_jsonb(OLD) - 'moderator_id' - 'subject_id' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""

TRIGGERS = """
CREATE TRIGGER likes_added AFTER INSERT ON post_likes REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION count_likes();
CREATE TRIGGER likes_removed AFTER DELETE ON post_likes REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION count_likes();
CREATE TRIGGER comments_added AFTER INSERT ON comments REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION count_comments();
CREATE TRIGGER comments_removed AFTER DELETE ON comments REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION count_comments();
CREATE TRIGGER comments_changed AFTER UPDATE ON comments REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION count_hidden_comments();
CREATE TRIGGER posts_locked BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION lock_posts_of_leaver();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON moderation_actions
    FOR EACH ROW EXECUTE FUNCTION keep_action();
"""


def _key(table: str, column: str, target: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def _created() -> "sa.Column[Any]":
    return sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.add_column("users", sa.Column("role", sa.String(length=20), server_default="learner", nullable=False))
    op.create_check_constraint(op.f("ck_users_role"), "users", "role IN ('learner', 'moderator')")
    op.create_index("ix_users_role", "users", ["role"], postgresql_where=sa.text("role <> 'learner'"))
    _writing()
    _reporting()
    _feeds()
    op.execute(COUNTING)
    op.execute(TRIGGERS)


def _writing() -> None:
    op.create_table(
        "posts",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("course_id", sa.UUID(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("like_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("comment_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("hidden_at", TIME, nullable=True),
        _created(),
        sa.CheckConstraint("like_count >= 0", name=op.f("ck_posts_like_count")),
        sa.CheckConstraint("comment_count >= 0", name=op.f("ck_posts_comment_count")),
        _key("posts", "user_id", "users"),
        _key("posts", "course_id", "courses", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
    )
    newest: list[Any] = [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
    op.create_index("ix_posts_created_at_id", "posts", newest)
    op.create_index("ix_posts_user_id_created_at_id", "posts", ["user_id", *newest])
    op.create_index("ix_posts_course_id", "posts", ["course_id"])
    op.create_table(
        "post_likes",
        sa.Column("post_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        _created(),
        _key("post_likes", "post_id", "posts"),
        _key("post_likes", "user_id", "users"),
        sa.PrimaryKeyConstraint("post_id", "user_id", name=op.f("pk_post_likes")),
    )
    op.create_index("ix_post_likes_user_id", "post_likes", ["user_id"])
    op.create_table(
        "comments",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("post_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("hidden_at", TIME, nullable=True),
        _created(),
        _key("comments", "post_id", "posts"),
        _key("comments", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index("ix_comments_post_id_created_at_id", "comments", ["post_id", "created_at", "id"])
    op.create_index("ix_comments_user_id", "comments", ["user_id"])


def _reporting() -> None:
    targets = ("post_id", "comment_id", "reported_id")
    op.create_table(
        "moderation_cases",
        sa.Column("id", sa.UUID(), nullable=False),
        *(sa.Column(name, sa.UUID(), nullable=True) for name in targets),
        _created(),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(post_id, comment_id, reported_id) = 1", name=op.f("ck_moderation_cases_one_target")
        ),
        sa.CheckConstraint("outcome IN ('hidden', 'dismissed', 'resolved')", name=op.f("ck_moderation_cases_outcome")),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (outcome IS NULL)", name=op.f("ck_moderation_cases_closed_with_outcome")
        ),
        _key("moderation_cases", "post_id", "posts"),
        _key("moderation_cases", "comment_id", "comments"),
        _key("moderation_cases", "reported_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_cases")),
    )
    is_open = sa.text("closed_at IS NULL")
    for name in targets:
        op.create_index(
            f"uq_moderation_cases_open_{name}", "moderation_cases", [name], unique=True, postgresql_where=is_open
        )
        op.create_index(f"ix_moderation_cases_{name}", "moderation_cases", [name])
    op.create_index("ix_moderation_cases_open", "moderation_cases", ["created_at", "id"], postgresql_where=is_open)
    op.create_index(
        "ix_moderation_cases_closed",
        "moderation_cases",
        ["created_at", "id"],
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )
    op.create_table(
        "content_reports",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        _created(),
        sa.CheckConstraint(
            "reason IN ('spam', 'harassment', 'hate', 'sexual', 'violence', 'self_harm', 'misinformation', 'other')",
            name=op.f("ck_content_reports_reason"),
        ),
        _key("content_reports", "user_id", "users"),
        _key("content_reports", "case_id", "moderation_cases"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_reports")),
        sa.UniqueConstraint("case_id", "user_id", name=op.f("uq_content_reports_case_id_user_id")),
    )
    op.create_index("ix_content_reports_user_id", "content_reports", ["user_id"])
    op.create_table(
        "moderation_actions",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("moderator_id", sa.UUID(), nullable=True),
        sa.Column("subject_id", sa.UUID(), nullable=True),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("target_type", sa.String(length=20), nullable=False),
        sa.Column("target_id", sa.UUID(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        _created(),
        sa.CheckConstraint(
            "action IN ('hide', 'restore', 'dismiss', 'resolve')", name=op.f("ck_moderation_actions_action")
        ),
        sa.CheckConstraint(
            "target_type IN ('post', 'comment', 'user')", name=op.f("ck_moderation_actions_target_type")
        ),
        sa.CheckConstraint(
            "(target_type = 'user') = (target_id IS NULL)", name=op.f("ck_moderation_actions_user_is_subject")
        ),
        _key("moderation_actions", "moderator_id", "users", ondelete="SET NULL"),
        _key("moderation_actions", "subject_id", "users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_actions")),
    )
    op.create_index("ix_moderation_actions_moderator_id", "moderation_actions", ["moderator_id"])
    op.create_index("ix_moderation_actions_subject_id", "moderation_actions", ["subject_id"])


def _feeds() -> None:
    op.create_table(
        "feed_hidings",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("item_id", sa.UUID(), nullable=False),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        _key("feed_hidings", "user_id", "users"),
        _key("feed_hidings", "item_id", "feed_items"),
        sa.PrimaryKeyConstraint("user_id", "item_id", name=op.f("pk_feed_hidings")),
    )
    op.create_index("ix_feed_hidings_item_id", "feed_hidings", ["item_id"])


def downgrade() -> None:
    op.execute("DELETE FROM feed_items WHERE type = 'community_post'")
    op.execute("DROP TRIGGER posts_locked ON users")
    for table in (
        "feed_hidings",
        "moderation_actions",
        "content_reports",
        "moderation_cases",
        "comments",
        "post_likes",
        "posts",
    ):
        op.drop_table(table)
    for function in (
        "keep_action",
        "lock_posts_of_leaver",
        "count_hidden_comments",
        "count_comments",
        "count_likes",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_index("ix_users_role", "users")
    op.drop_constraint(op.f("ck_users_role"), "users")
    op.drop_column("users", "role")
