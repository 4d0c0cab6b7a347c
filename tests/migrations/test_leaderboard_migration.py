"""0010: who has XP is on the boards from the start, and ranks are exact."""

import psycopg
from alembic import command
from pydantic import SecretStr
from support.settings import plain_settings

from lyo.core.clock import now
from lyo.core.schema import alembic_config
from lyo.gamification.leaderboard.values import week_of

LEARNERS = """
INSERT INTO users (id, email, display_name, leaderboard_opt_out) VALUES
    ('00000000-0000-4000-8000-000000000001', 'a@example.com', 'A', false),
    ('00000000-0000-4000-8000-000000000002', 'b@example.com', 'B', false),
    ('00000000-0000-4000-8000-000000000003', 'c@example.com', 'C', true),
    ('00000000-0000-4000-8000-000000000004', 'd@example.com', 'D', false);
INSERT INTO user_profiles (user_id, xp)
SELECT id, CASE display_name WHEN 'D' THEN 0 ELSE 30 END FROM users;
INSERT INTO xp_entries (id, user_id, kind, source, amount, created_at)
SELECT gen_random_uuid(), id, 'item_completed', 'new', 10, now() FROM users WHERE display_name IN ('A', 'C');
INSERT INTO xp_entries (id, user_id, kind, source, amount, created_at)
SELECT gen_random_uuid(), id, 'item_completed', 'old', 20, now() - interval '8 days' FROM users
WHERE display_name <> 'D';
"""


def test_who_has_xp_is_on_the_boards_from_the_start(empty: str) -> None:
    config = alembic_config(plain_settings(database_url=SecretStr(empty)).require_database_url())
    command.upgrade(config, "0009")
    with psycopg.connect(empty) as connection:
        connection.execute(LEARNERS)
    command.upgrade(config, "0010")
    with psycopg.connect(empty) as connection:
        scores = connection.execute(
            "SELECT display_name, board, xp FROM leaderboard_scores JOIN users ON users.id = user_id ORDER BY 1, 2 DESC"
        ).fetchall()
        changes = connection.execute("SELECT board, xp, learners FROM leaderboard_changes ORDER BY 1").fetchall()
    week = week_of(now())
    assert scores == [("A", "all", 30), ("A", week, 10), ("B", "all", 30)]
    assert changes == [(week, 10, 1), ("all", 30, 2)]
    command.downgrade(config, "0009")
