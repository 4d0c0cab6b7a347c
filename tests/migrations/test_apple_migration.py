"""0008, on the way down with users that have no password and no address."""

import psycopg
import pytest
from alembic import command
from pydantic import SecretStr
from support.settings import plain_settings

from lyo.accounts.passwords import password_matches
from lyo.core.schema import alembic_config

USERS = """
INSERT INTO users (id, email, password_hash, display_name) VALUES
    ('00000000-0000-4000-8000-000000000001', 'a@example.com', 'x', 'A'),
    ('00000000-0000-4000-8000-000000000002', 'b@example.com', NULL, 'B'),
    ('00000000-0000-4000-8000-000000000003', NULL, NULL, 'C');
INSERT INTO apple_identities (subject, user_id) VALUES ('001.b', '00000000-0000-4000-8000-000000000002');
"""


@pytest.mark.anyio
async def test_users_stay_and_nobody_knows_the_password_of_those_who_had_none(empty: str) -> None:
    config = alembic_config(plain_settings(database_url=SecretStr(empty)).require_database_url())
    command.upgrade(config, "0008")
    with psycopg.connect(empty) as connection:
        connection.execute(USERS)
    command.downgrade(config, "0008-1")
    with psycopg.connect(empty) as connection:
        rows = connection.execute("SELECT email, password_hash FROM users ORDER BY id").fetchall()
    addresses = [email for email, _ in rows]
    assert addresses == ["a@example.com", "b@example.com", "00000000-0000-4000-8000-000000000003@users.invalid"]
    assert rows[0][1] == "x"
    for _, hashed in rows[1:]:
        assert not await password_matches("", hashed)
    command.upgrade(config, "0008")
