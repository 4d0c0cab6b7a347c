from collections.abc import Iterator
from uuid import uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from support.databases import create_database, drop_database
from support.settings import plain_settings

from lyo.core.schema import alembic_config
from lyo.local.temporary import Servers


@pytest.fixture
def empty(servers: Servers) -> Iterator[str]:
    """The address of a database without any table."""
    name = f"empty_{uuid4().hex}"
    url = create_database(servers, name)
    yield plain_settings(database_url=SecretStr(url)).require_database_url()
    drop_database(servers, name)


def test_up_down_up_and_the_tables_are_the_models(empty: str) -> None:
    config = alembic_config(empty)
    command.upgrade(config, "head")
    command.check(config)
    command.downgrade(config, "base")
    command.upgrade(config, "head")
    command.check(config)


def test_there_is_one_head_and_every_step_can_be_taken_alone(empty: str) -> None:
    config = alembic_config(empty)
    script = ScriptDirectory.from_config(config)
    assert len(script.get_heads()) == 1
    for revision in reversed(list(script.walk_revisions())):
        command.upgrade(config, revision.revision)
