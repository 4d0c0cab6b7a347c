"""A copy knows the course that was made, not the post that handed it on: one course in many posts is one copy.

No release knows `opened_from`, so it goes at once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("origin_id", sa.UUID(), nullable=True))
    op.add_column("courses", sa.Column("origin_id", sa.UUID(), nullable=True))
    # A copy may be one of a copy. Of several that one reader has of one course, the first is the copy, and none is
    # where the course itself is theirs; the others stay, each for itself.
    op.execute(
        """
        WITH RECURSIVE made (id, origin_id) AS (
            SELECT courses.id, coalesce(opened_from, courses.id)
            FROM courses LEFT JOIN posts ON posts.id = opened_from
            WHERE posts.course_id IS NULL
            UNION ALL
            SELECT courses.id, made.origin_id
            FROM courses JOIN posts ON posts.id = opened_from JOIN made ON made.id = posts.course_id
        ), numbered AS (
            SELECT id, made.origin_id, row_number() OVER (
                PARTITION BY user_id, made.origin_id ORDER BY opened_from IS NOT NULL, created_at, id
            ) AS number
            FROM courses JOIN made USING (id)
        ), copies AS (
            UPDATE courses SET origin_id = CASE WHEN number = 1 THEN numbered.origin_id ELSE opened_from END
            FROM numbered WHERE numbered.id = courses.id AND opened_from IS NOT NULL
        )
        UPDATE posts SET origin_id = made.origin_id FROM made WHERE made.id = posts.course_id
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
