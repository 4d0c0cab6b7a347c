"""A whole evaluation over a handful of passages and models that answer from a script."""

import asyncio
import json
from pathlib import Path

import pytest
from support.handful import Handful
from support.writers import FOOLISH, UNAVAILABLE, Scripted

from lyo.courses.generation.values import CourseDraft
from lyo.evaluation.keeping import keeper
from lyo.evaluation.running import Plan, Watch, evaluate
from lyo.evaluation.topics import Topic
from lyo.evaluation.values import Report, Tried
from lyo.sources.protocol import Shelf

pytestmark = pytest.mark.anyio

INSIDE = Topic(name="inside", topic="photosynthesis", inside=True)
ALSO = Topic(name="also", topic="chlorophyll", inside=True)
OUTSIDE = Topic(name="outside", topic="zorblatt quimby", inside=False)


def read(out: Path) -> Report:
    return Report.model_validate_json((out / "report.json").read_text("utf-8"))


async def test_an_evaluation_ends_in_a_report_that_survives_json(tmp_path: Path) -> None:
    told: list[str] = []
    watch = Watch(begun=lambda topic: told.append(topic.name), keep=keeper(tmp_path))
    plan = Plan(topics=[INSIDE, OUTSIDE], for_throughput=None)
    report = await evaluate(plan, Shelf(passages=(Handful(),)), Scripted(FOOLISH["says nothing"]), watch)
    assert not report.partial
    assert read(tmp_path) == report.model_copy(update={"tried": read(tmp_path).tried})
    assert told == ["inside", "outside"]
    inside, outside = report.tried
    assert (inside.engine.outcome, inside.right) == ("course", True)
    assert (outside.engine.outcome, outside.engine.code, outside.right) == ("failure", "no_sources", True)
    assert inside.naive is not None
    assert (inside.naive.outcome, inside.naive.code) == ("error", "unreadable")
    course = CourseDraft.model_validate_json((tmp_path / "courses" / "inside.engine.json").read_text("utf-8"))
    assert course == inside.engine.course
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert {path.name for path in (tmp_path / "courses").iterdir()} >= {"inside.engine.json", "inside.naive.txt"}


async def test_both_sides_are_judged_where_both_made_a_course() -> None:
    lesson = {"title": "Leaves", "objective": "Know.", "text": "Plants are green. They have 77 leaves."}
    answer = json.dumps({"title": "Plants", "lessons": [lesson] * 4})
    model = Scripted(lambda prompt: answer if prompt.json_schema else "")
    plan = Plan(topics=[INSIDE], for_throughput=None)
    report = await evaluate(plan, Shelf(passages=(Handful(),)), model)
    (only,) = report.tried
    assert only.naive is not None
    assert only.naive.course is not None
    found = {row.metric: row for row in report.rows}
    assert found["sentences_grounded"].engine.value == 1.0
    assert (found["sentences_grounded"].naive.value or 0) < 1.0
    assert found["titles_alike"].naive.value == 100.0
    assert found["quotes_verbatim"].naive.undefined == "there are no quotes"
    assert found["quotes_verbatim"].engine_wins is True
    assert any(failing.metric == "objectives_covered" for failing in only.naive.failing)


async def test_what_is_broken_off_leaves_a_partial_report(tmp_path: Path) -> None:
    shelf, ended = Handful(), asyncio.Event()

    def stop_after_the_first(_: Tried) -> None:
        shelf.holds = True
        ended.set()

    watch = Watch(ended=stop_after_the_first, keep=keeper(tmp_path))
    plan = Plan(topics=[INSIDE, ALSO], for_throughput=None, naively=False)
    task = asyncio.create_task(evaluate(plan, Shelf(passages=(shelf,)), Scripted(FOOLISH["says nothing"]), watch))
    await asyncio.wait_for(ended.wait(), 60)
    await asyncio.wait_for(shelf.hangs.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left = read(tmp_path)
    assert left.partial
    assert not left.good
    assert [one.topic.name for one in left.tried] == ["inside"]
    assert left.asked == 2
    assert "This report is partial" in (tmp_path / "report.html").read_text("utf-8")


async def test_a_model_that_is_away_is_an_error_and_no_stable_failure() -> None:
    plan = Plan(topics=[INSIDE, OUTSIDE.model_copy(update={"topic": "leaf"})], for_throughput=[INSIDE] * 4)
    report = await evaluate(plan, Shelf(passages=(Handful(),)), Scripted(UNAVAILABLE))
    assert [(one.engine.code, one.right) for one in report.tried] == [("model_unavailable", False)] * 2
    bar = {bar.name: bar for bar in report.bars}["throughput"]
    assert (bar.state, bar.reason) == ("undefined", "nobody answers")


@pytest.mark.parametrize("others", [[], [INSIDE], [OUTSIDE]])
async def test_throughput_is_measured_over_the_same_prompts(others: list[Topic]) -> None:
    model = Scripted(lambda prompt: prompt.request[:80])
    plan = Plan(topics=[INSIDE], for_throughput=[INSIDE, ALSO, INSIDE, ALSO, *others], naively=False)
    report = await evaluate(plan, Shelf(passages=(Handful(),)), model)
    assert report.throughput is not None
    prompts = report.throughput.prompts
    assert prompts > 10
    assert report.throughput.engine > 0
    assert report.throughput.direct > 0
    one_course = (len(model.asked) - 2 * prompts) // (1 + others.count(INSIDE))
    engine = model.asked[one_course : one_course + prompts]
    assert len(model.asked) == (1 + others.count(INSIDE)) * one_course + 2 * prompts
    assert sorted(prompt.request for prompt in model.asked[-prompts:]) == sorted(prompt.request for prompt in engine)


async def test_topics_run_at_once_where_that_is_asked_for() -> None:
    model = Scripted(FOOLISH["says nothing"])
    plan = Plan(topics=[INSIDE, ALSO], for_throughput=None, naively=False, at_once=2)
    report = await evaluate(plan, Shelf(passages=(Handful(),)), model)
    assert [one.topic.name for one in report.tried] == ["inside", "also"]
    assert {bar.name: bar.state for bar in report.bars}["seconds"] == "skipped"
