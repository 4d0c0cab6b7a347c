"""A copy knows the course that was made, not the post that handed it on: one course in many posts is one copy."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("origin_id", sa.UUID(), nullable=True))
    op.add_column("courses", sa.Column("origin_id", sa.UUID(), nullable=True))
    # Of several copies that one reader has of one course, the first is the copy; the others stay, each for itself.
    op.execute(
        """
        UPDATE courses SET origin_id = CASE WHEN number = 1 THEN known.origin_id ELSE opened_from END
        FROM (
            SELECT copies.id, coalesce(posts.course_id, copies.opened_from) AS origin_id, row_number() OVER (
                PARTITION BY copies.user_id, coalesce(posts.course_id, copies.opened_from)
                ORDER BY copies.created_at, copies.id
            ) AS number
            FROM courses AS copies LEFT JOIN posts ON posts.id = copies.opened_from
            WHERE copies.opened_from IS NOT NULL
        ) AS known
        WHERE known.id = courses.id
        """
    )
    op.execute(
        """
        UPDATE posts SET origin_id = coalesce(courses.origin_id, courses.id)
        FROM courses WHERE courses.id = posts.course_id
        """
    )
    # The course is gone: what was opened from the post is still found by it.
    op.execute(
        """
        UPDATE posts SET origin_id = posts.id
        WHERE course_id IS NULL AND EXISTS (SELECT FROM courses WHERE courses.origin_id = posts.id)
        """
    )
    op.drop_constraint(op.f("uq_courses_user_id_opened_from"), "courses")
    op.create_unique_constraint(op.f("uq_courses_user_id_origin_id"), "courses", ["user_id", "origin_id"])
    op.drop_column("courses", "opened_from")


def downgrade() -> None:
    op.add_column("courses", sa.Column("opened_from", sa.UUID(), nullable=True))
    op.create_unique_constraint(op.f("uq_courses_user_id_opened_from"), "courses", ["user_id", "opened_from"])
    op.drop_constraint(op.f("uq_courses_user_id_origin_id"), "courses")
    op.drop_column("courses", "origin_id")
    op.drop_column("posts", "origin_id")
