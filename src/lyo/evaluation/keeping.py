"""Writing a report down: `report.json`, `report.html`, and each course in a file of its own."""

from collections.abc import Callable
from pathlib import Path

from lyo.evaluation.page import render
from lyo.evaluation.topics import EvaluationError
from lyo.evaluation.values import Report, Side

JSON, PAGE, COURSES = "report.json", "report.html", "courses"
_OURS = (".engine.json", ".naive.json", ".naive.txt")


def keeper(out: Path) -> Callable[[Report], None]:
    """What to hand each report to: it replaces the one before it, whole or not at all.

    Courses of an earlier evaluation in the same folder are removed. Raises `EvaluationError` if it cannot be written.
    """
    kept: set[str] = set()
    try:
        (out / COURSES).mkdir(parents=True, exist_ok=True)
        for old in (out / COURSES).iterdir():
            if old.name.endswith(_OURS):
                old.unlink()
    except OSError as error:
        raise EvaluationError(f"The folder {out} cannot be written ({error}): name another with --out.") from error

    def keep(report: Report) -> None:
        for one in report.tried:
            if one.topic.name not in kept:
                kept.add(one.topic.name)
                _course(out / COURSES, f"{one.topic.name}.engine", one.engine)
                _course(out / COURSES, f"{one.topic.name}.naive", one.naive)
        _write(out / JSON, report.model_dump_json(indent=1))
        _write(out / PAGE, render(report))

    return keep


def _course(folder: Path, name: str, side: Side | None) -> None:
    if side is not None and side.course is not None:
        _write(folder / f"{name}.json", side.course.model_dump_json(indent=1))
    if side is not None and side.answer is not None:
        _write(folder / f"{name}.txt", side.answer)


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, "utf-8", errors="replace")
    fresh.replace(path)
