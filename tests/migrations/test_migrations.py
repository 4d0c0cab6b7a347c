import pytest
from alembic import command
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from support.settings import plain_settings

from lyo.core.schema import alembic_config


@pytest.fixture
def empty(empty: str) -> str:
    """Its address as SQLAlchemy wants it."""
    return plain_settings(database_url=SecretStr(empty)).require_database_url()


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
