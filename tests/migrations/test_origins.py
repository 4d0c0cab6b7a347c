"""0014, over copies that are there already."""

import psycopg
from alembic import command
from pydantic import SecretStr
from support.settings import plain_settings

from lyo.core.schema import alembic_config

COURSE = "(id, user_id, topic, interests, level, locale, title, status, opened_from, created_at)"
# A shares 02 in posts 11 and 12, and shared what is gone in 13. B has opened all three and shares their
# copy 03 in 15, which C and A have opened.
BEFORE = """
INSERT INTO users (id, email, password_hash, display_name) VALUES ('{0}00', 'a@example.com', 'x', 'A');
INSERT INTO users (id, email, password_hash, display_name) VALUES ('{0}01', 'b@example.com', 'x', 'B');
INSERT INTO users (id, email, password_hash, display_name) VALUES ('{0}20', 'c@example.com', 'x', 'C');
INSERT INTO courses {1} VALUES
    ('{0}02', '{0}00', 'rain', '{{}}', 'beginner', 'en', 'Rain', 'completed', NULL, now()),
    ('{0}03', '{0}01', 'rain', '{{}}', 'beginner', 'en', 'Rain', 'completed', '{0}12', now()),
    ('{0}04', '{0}01', 'rain', '{{}}', 'beginner', 'en', 'Rain', 'completed', '{0}11', now() + interval '1 s'),
    ('{0}05', '{0}01', 'snow', '{{}}', 'beginner', 'en', 'Snow', 'completed', '{0}13', now()),
    ('{0}06', '{0}20', 'rain', '{{}}', 'beginner', 'en', 'Rain', 'completed', '{0}15', now()),
    ('{0}07', '{0}00', 'rain', '{{}}', 'beginner', 'en', 'Rain', 'completed', '{0}15', now());
INSERT INTO posts (id, user_id, course_id, content) VALUES
    ('{0}11', '{0}00', '{0}02', 'One'), ('{0}12', '{0}00', '{0}02', 'Two'), ('{0}13', '{0}00', NULL, 'Three'),
    ('{0}14', '{0}00', NULL, 'Four'), ('{0}15', '{0}01', '{0}03', 'Rain, from A');
""".format("00000000-0000-4000-8000-0000000000", COURSE)


def origins(url: str, table: str) -> dict[str, str | None]:
    query = {"courses": "SELECT id, origin_id FROM courses", "posts": "SELECT id, origin_id FROM posts"}[table]
    with psycopg.connect(url) as connection:
        rows = connection.execute(query.encode()).fetchall()
    return {str(row[0])[-2:]: row[1] and str(row[1])[-2:] for row in rows}


def test_the_first_copy_of_a_course_is_the_one_that_its_posts_open(empty: str) -> None:
    config = alembic_config(plain_settings(database_url=SecretStr(empty)).require_database_url())
    command.upgrade(config, "0013")
    with psycopg.connect(empty) as connection:
        connection.execute(BEFORE.encode())
    command.upgrade(config, "0014")
    expected = {"02": None, "03": "02", "04": "11", "05": "13", "06": "02", "07": "15"}
    assert origins(empty, "courses") == expected
    assert origins(empty, "posts") == {"11": "02", "12": "02", "13": "13", "14": None, "15": "02"}
    command.downgrade(config, "0013")
