"""`lyo eval` from outside: what it says when it cannot do what it was asked for, and how it shows what it found."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from support.reports import report
from typer.testing import CliRunner

from lyo.cli import app
from lyo.cli.verdicts import show_broken_off, show_report
from lyo.evaluation.values import Bar, State

run = CliRunner()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "nothing-such"], "There is no topic named nothing-such"),
        (["--topics", "none.toml"], "cannot be read"),
        (["--limit", "0"], "--limit"),
        (["--model-url", "http://127.0.0.1:1", "--limit", "1", "--data-dir", "file"], "file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    answer = run.invoke(app, ["eval", "--out", str(tmp_path / "out"), *arguments])
    assert answer.exit_code in {1, 2}
    assert said in answer.output
    assert "Traceback" not in answer.output


def judged(tmp_path: Path, *states: State) -> str:
    console = Console(file=StringIO(), width=200)
    bars = tuple(
        Bar(name=f"bar-{at}", label=f"Bar {at} [b]", limit="at least 95 %", value=0.5, state=state, reason="so [red]")
        for at, state in enumerate(states)
    )
    show_report(console, report().model_copy(update={"bars": bars}), tmp_path)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_what_does_not_hold_is_listed_in_plain_words(tmp_path: Path) -> None:
    shown = judged(tmp_path, "holds", "fails", "undefined", "skipped")
    assert "Does not hold: Bar 1 [b]: 50 % and not at least 95 % (so [red])." in shown
    assert "Does not hold: Bar 2" in shown
    assert "Does not hold: Bar 0" not in shown
    assert "Does not hold: Bar 3" not in shown
    assert str(tmp_path / "report.html") in shown
    assert "All bars hold" in judged(tmp_path, "holds", "skipped")


def test_what_was_broken_off_says_whether_there_is_a_report(tmp_path: Path) -> None:
    for there in (False, True):
        console = Console(file=StringIO(), width=200)
        show_broken_off(console, tmp_path)
        assert isinstance(console.file, StringIO)
        assert ("The report" in console.file.getvalue() or "the report is partial" in console.file.getvalue()) is there
        (tmp_path / "report.json").write_text("{}")
