import json
from pathlib import Path

import psycopg
import pytest
from support.settings import plain_settings
from typer.testing import CliRunner

from lyo.cli import COMMANDS, app
from lyo.local.errors import LocalError
from lyo.local.folders import scratch_folder, socket_folder
from lyo.local.postgres import postgres_server
from lyo.local.process import server_user
from lyo.local.reach import database

run = CliRunner()


def test_help_names_every_command() -> None:
    answer = run.invoke(app, ["--help"])
    assert answer.exit_code == 0
    assert all(name in answer.output for name in COMMANDS)


def test_a_command_that_there_is_not_is_refused() -> None:
    assert run.invoke(app, ["nonsense"]).exit_code == 2


@pytest.mark.parametrize("command", ["openapi", "asyncapi"])
def test_the_contract_that_is_printed_is_the_committed_one(command: str) -> None:
    answer = run.invoke(app, [command])
    committed = Path(__file__).parents[2] / f"{command}.json"
    assert json.loads(answer.output) == json.loads(committed.read_text())


@pytest.mark.parametrize("command", [["library", "search", "rain"], ["library", "pull"]])
def test_where_there_is_no_database_one_sentence_says_so(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    answer = run.invoke(app, [*command, "--data-dir", str(tmp_path)])
    assert answer.exit_code == 1
    assert "There is no database in" in answer.output
    assert "Traceback" not in answer.output


def test_the_database_of_a_folder_is_reached_while_it_runs_and_while_it_does_not() -> None:
    with scratch_folder(server_user()) as folder:
        settings = plain_settings(lyo_data_dir=folder)
        sockets = socket_folder(folder, server_user())
        with postgres_server(folder / "postgres", sockets, durable=False), database(settings, None) as url:
            running = url
        with database(settings, None) as url, psycopg.connect(url.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert url == running


def test_an_address_that_is_set_is_used(tmp_path: Path) -> None:
    settings = plain_settings(database_url="postgresql://somewhere/lyo")
    with database(settings, None) as url:
        assert url == "postgresql+psycopg://somewhere/lyo"
    with pytest.raises(LocalError), database(settings, tmp_path):
        pass


@pytest.mark.parametrize("command", ["api", "worker"])
def test_a_key_of_apples_that_is_none_stops_a_process_at_its_start(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "DATABASE_URL": "postgresql://nowhere.invalid/lyo",
        "REDIS_URL": "redis://nowhere.invalid",
        "JWT_SECRET_KEY": "4f1c-97ab-20de-LoYq-zz81-KkPw-0x3B-vV6t",
        "APPLE_KEY_ID": "KEY1234567",
        "APPLE_TEAM_ID": "TEAM123456",
        "APPLE_PRIVATE_KEY_PATH": "missing.p8",
    }.items():
        monkeypatch.setenv(name, value)
    answer = run.invoke(app, [command])
    assert answer.exit_code == 1
    assert "APPLE_PRIVATE_KEY_PATH: no private key can be read from this file." in answer.output
    assert "Traceback" not in answer.output
