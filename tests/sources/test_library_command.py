import pytest
from typer.testing import CliRunner

from lyo.cli.library import app

run = CliRunner()


@pytest.fixture(autouse=True)
def _here(library_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", library_url)


def test_search_shows_title_licence_and_address() -> None:
    answer = run.invoke(app, ["search", "photosynthesis", "--limit", "3"], env={"COLUMNS": "200"})
    assert answer.exit_code == 0
    first = answer.output.splitlines()[1]
    assert first.startswith("Photosynthesis")
    assert "CC BY-SA 4.0" in first
    assert "https://en.wikipedia.org/wiki/Photosynthesis" in first


def test_search_for_nothing_says_so() -> None:
    answer = run.invoke(app, ["search", "qwxz blorp"])
    assert answer.exit_code == 1
    assert "Nothing found" in answer.output


def test_what_is_loaded_is_not_loaded_again() -> None:
    answer = run.invoke(app, ["pull"])
    assert answer.exit_code == 0
    assert answer.output.count("was already loaded") == 3
