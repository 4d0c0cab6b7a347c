"""Questions of quizzes, report cards of courses, checks of items, and indexes for the limits."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CHECKS = {
    "quiz_has_questions": "(type = 'quiz') = (questions IS NOT NULL)",
    "questions": "jsonb_typeof(questions) = 'array' AND questions <> '[]'",
    "video_has_duration": "(type = 'video') = (duration_seconds IS NOT NULL)",
    "duration_seconds": "duration_seconds > 0",
    "text_has_content": "type <> 'text' OR content IS NOT NULL",
    "link_has_url": "type NOT IN ('article', 'video') OR source_url IS NOT NULL",
    "source_url": "source_url LIKE 'https://%'",
    "citations": "jsonb_typeof(citations) = 'array'",
}


def upgrade() -> None:
    op.add_column("course_items", sa.Column("questions", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_course_items_{name}"), "course_items", rule)
    op.add_column("courses", sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.create_check_constraint(
        op.f("ck_courses_report"),
        "courses",
        "report IS NULL OR (status = 'completed' AND jsonb_typeof(report) = 'object')",
    )
    op.create_index(
        "ix_tasks_open_user_id", "tasks", ["user_id"], postgresql_where=sa.text("state IN ('PENDING', 'RUNNING')")
    )
    op.create_index("ix_tasks_pending", "tasks", ["created_at"], postgresql_where=sa.text("state = 'PENDING'"))


def downgrade() -> None:
    op.drop_index("ix_tasks_pending", table_name="tasks")
    op.drop_index("ix_tasks_open_user_id", table_name="tasks")
    op.drop_constraint(op.f("ck_courses_report"), "courses", type_="check")
    op.drop_column("courses", "report")
    for name in reversed(CHECKS):
        op.drop_constraint(op.f(f"ck_course_items_{name}"), "course_items", type_="check")
    # Without their questions they would be nothing, and the way back up would be closed.
    op.execute("DELETE FROM course_items WHERE type = 'quiz'")
    op.drop_column("course_items", "questions")
