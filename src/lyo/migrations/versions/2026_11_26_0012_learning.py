"""How learners get on: progress, attempts at quizzes, reviews, and copies of courses that others share."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("courses", "task_id", existing_type=sa.UUID(), nullable=True)
    op.add_column("courses", sa.Column("opened_from", sa.UUID(), nullable=True))
    op.add_column("courses", sa.Column("completed_items", sa.Integer(), server_default="0", nullable=False))
    op.add_column("courses", sa.Column("current_item_id", sa.UUID(), nullable=True))
    op.add_column("courses", sa.Column("current_item_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("courses", sa.Column("learned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_unique_constraint(op.f("uq_courses_user_id_opened_from"), "courses", ["user_id", "opened_from"])
    _progress()
    _reviews()


def _progress() -> None:
    op.create_table(
        "item_progress",
        sa.Column("item_id", sa.UUID(), nullable=False),
        sa.Column("course_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("position >= 0", name=op.f("ck_item_progress_position")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["course_items.id"], name=op.f("fk_item_progress_item_id_course_items"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_item_progress_course_id_courses"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_progress")),
    )
    op.create_index("ix_item_progress_course_id", "item_progress", ["course_id"])
    op.create_table(
        "quiz_attempts",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("item_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["course_items.id"], name=op.f("fk_quiz_attempts_item_id_course_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_attempts")),
        sa.UniqueConstraint("item_id", "number", name=op.f("uq_quiz_attempts_item_id_number")),
    )


def _reviews() -> None:
    op.create_table(
        "review_cards",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("item_id", sa.UUID(), nullable=False),
        sa.Column("question_id", sa.UUID(), nullable=False),
        sa.Column("is_first_right", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("stability", sa.Float(), nullable=False),
        sa.Column("difficulty", sa.Float(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_review_cards_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["course_items.id"], name=op.f("fk_review_cards_item_id_course_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_cards")),
        sa.UniqueConstraint("question_id", name=op.f("uq_review_cards_question_id")),
    )
    op.create_index("ix_review_cards_item_id", "review_cards", ["item_id"])
    op.create_index("ix_review_cards_user_id_due_at_id", "review_cards", ["user_id", "due_at", "id"])
    op.create_table(
        "review_answers",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("card_id", sa.UUID(), nullable=False),
        sa.Column("option", sa.Integer(), nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_id"], ["review_cards.id"], name=op.f("fk_review_answers_card_id_review_cards"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_answers")),
    )
    op.create_index("ix_review_answers_card_id", "review_answers", ["card_id"])


def downgrade() -> None:
    op.drop_table("review_answers")
    op.drop_table("review_cards")
    op.drop_table("quiz_attempts")
    op.drop_table("item_progress")
    op.drop_constraint(op.f("uq_courses_user_id_opened_from"), "courses")
    # A copy was made by no task, which the version before does not know.
    op.execute("DELETE FROM courses WHERE task_id IS NULL")
    for name in ("learned_at", "current_item_at", "current_item_id", "completed_items", "opened_from"):
        op.drop_column("courses", name)
    op.alter_column("courses", "task_id", existing_type=sa.UUID(), nullable=False)
