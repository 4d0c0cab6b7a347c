import psycopg
import pytest
from typer.testing import CliRunner, Result

from lyo.cli import app


@pytest.fixture
def ask(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> object:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    monkeypatch.setenv("DATABASE_URL", database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO users (id, email, display_name) VALUES (gen_random_uuid(), 'ada@example.com', 'Ada')"
        )
    return None


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, ["moderator", *words])


@pytest.mark.usefixtures("ask")
def test_somebody_becomes_a_moderator_and_ceases_to_be_one() -> None:
    nobody = _run("list")
    assert nobody.exit_code == 0
    assert "no moderator yet" in nobody.output
    assert _run("add", " Ada@Example.com ").exit_code == 0
    assert _run("add", "ada@example.com").exit_code == 0
    assert "ada@example.com  Ada" in _run("list").output
    assert "is no moderator" in _run("remove", "ada@example.com").output
    assert "ada@example.com" not in _run("list").output


@pytest.mark.usefixtures("ask")
@pytest.mark.parametrize("command", ["add", "remove"])
def test_somebody_who_is_not_there_is_one_sentence(command: str) -> None:
    answer = _run(command, "bob@example.com")
    assert answer.exit_code == 1
    assert "Nobody logs in with bob@example.com" in answer.output
    assert "Traceback" not in answer.output


def test_a_database_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/lyo")
    answer = _run("list")
    assert answer.exit_code == 1
    assert "The database cannot be used" in answer.output
