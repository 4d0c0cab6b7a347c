"""0004, over courses that are there already."""

import psycopg
from alembic import command
from pydantic import SecretStr
from support.settings import plain_settings

from lyo.core.schema import alembic_config

A_COURSE = """
INSERT INTO users (id, email, password_hash, display_name) VALUES ('{0}1', 'a@example.com', 'x', 'A');
INSERT INTO courses (id, user_id, task_id, topic, interests, level, locale, title, status, completed_at)
    VALUES ('{0}2', '{0}1', '{0}3', 'rain', '{{}}', 'beginner', 'en', 'Rain', 'completed', now());
INSERT INTO lessons (id, course_id, order_index, title, objective, status)
    VALUES ('{0}4', '{0}2', 1, 'Rain', 'Explain it.', 'ready');
INSERT INTO course_items (id, course_id, lesson_id, order_index, type, title, content, source, source_url, generated_by,
                          citations)
    VALUES ('{0}5', '{0}2', '{0}4', 1, 'text', 'Rain', 'It rains [1].', 'generated', NULL, 'model', '[]'),
           ('{0}6', '{0}2', '{0}4', 2, 'article', 'Rain', NULL, 'wikipedia', 'https://en.wikipedia.org/wiki/Rain',
            'catalogue', '[]');
""".format("00000000-0000-4000-8000-00000000000")
A_QUIZ = """
INSERT INTO course_items (id, course_id, lesson_id, order_index, type, title, source, generated_by, citations,
                          questions)
    VALUES ('{0}7', '{0}2', '{0}4', 3, 'quiz', 'Test', 'generated', 'model', '[]', '[{{"id": "x"}}]')
""".format("00000000-0000-4000-8000-00000000000")


def items(url: str) -> list[tuple[str, str | None]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT type, content FROM course_items ORDER BY order_index").fetchall()


def test_courses_stay_on_the_way_up_and_down_and_quizzes_go_with_their_questions(empty: str) -> None:
    config = alembic_config(plain_settings(database_url=SecretStr(empty)).require_database_url())
    before = [("text", "It rains [1]."), ("article", None)]
    command.upgrade(config, "0003")
    with psycopg.connect(empty) as connection:
        connection.execute(A_COURSE.encode())
    command.upgrade(config, "0004")
    assert items(empty) == before
    with psycopg.connect(empty) as connection:
        connection.execute(A_QUIZ.encode())
        connection.execute("UPDATE courses SET report = '{\"version\": 1}'")
    assert items(empty) == [*before, ("quiz", None)]
    command.downgrade(config, "0003")
    assert items(empty) == before
    command.upgrade(config, "0004")
    assert items(empty) == before
