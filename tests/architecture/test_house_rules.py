"""Rules of the house that no linter knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from lyo.tables import metadata
from lyo.worker import HANDLERS

SOURCE = Path(__file__).parents[2] / "src" / "lyo"
EDGES = {"core/bus.py", "migrations/env.py"}
"""Where a commit may stand: the one transaction helper, and migrations."""


def _files() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "versions" not in path.parts)


def _calls(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node.lineno


def test_nobody_commits_but_the_edge() -> None:
    offenders = [
        f"{path.relative_to(SOURCE)}:{line}"
        for path in _files()
        if str(path.relative_to(SOURCE)) not in EDGES
        for call, line in _calls(path)
        if call == "commit"
    ]
    assert not offenders


def test_a_few_rows_are_taken_in_one_way() -> None:
    """By `core.db.a_few`, whose limit holds whatever the plan is."""
    takers = [str(path.relative_to(SOURCE)) for path in _files() if "skip_locked" in path.read_text()]
    assert takers == ["core/db.py"]


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_is_one_room(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_routes_are_thin() -> None:
    for path in SOURCE.rglob("*router.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AsyncFunctionDef) and node.decorator_list:
                docstring = ast.get_docstring(node, clean=False) or ""
                body = (node.end_lineno or 0) - node.body[0].lineno + 1 - docstring.count("\n")
                assert body <= 26, f"{path}:{node.lineno} {node.name} has {body} lines"


def test_what_belongs_to_a_user_is_asked_for_by_its_owner() -> None:
    """A repo function that reads by id takes `owner_id`, or says by its name that it does not."""
    owned = {"task", "course"}
    for path in SOURCE.rglob("repo.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AsyncFunctionDef) and node.name.removesuffix("_of") in owned:
                assert "owner_id" in {argument.arg for argument in node.args.kwonlyargs}, node.name


def test_every_table_of_a_user_goes_with_the_user() -> None:
    for table in metadata.tables.values():
        for column in table.columns:
            if column.name == "user_id":
                (key,) = column.foreign_keys
                assert key.ondelete == "CASCADE", table.name


def test_every_foreign_key_has_an_index() -> None:
    for table in metadata.tables.values():
        indexed = [list(index.columns) for index in table.indexes]
        indexed += [
            list(constraint.columns)
            for constraint in table.constraints
            if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint)
        ]
        leading = {columns[0].name for columns in indexed if columns}
        for key in table.foreign_keys:
            assert key.parent.name in leading, f"{table.name}.{key.parent.name}"


def test_every_job_is_named_after_its_slice() -> None:
    for job in HANDLERS:
        slice_name, _, verb = job.partition(".")
        assert verb
        assert (SOURCE / slice_name / "jobs.py").exists()
