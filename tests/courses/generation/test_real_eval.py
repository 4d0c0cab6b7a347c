"""A small fixed evaluation with the default model itself, against the thresholds that hold for every course."""

import pytest

from lyo.evaluation.running import Plan, evaluate
from lyo.evaluation.topics import Topic
from lyo.llm.client import ServedModel
from lyo.sources.library.search import LibrarySource
from lyo.sources.protocol import Shelf

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600), pytest.mark.xdist_group("real-model")]

TOPICS = (
    Topic(name="photosynthesis", topic="photosynthesis", inside=True),
    Topic(name="revolution-fr", topic="la Révolution française", locale="fr-CA", inside=True),
    Topic(name="volcanes-es", topic="quiero aprender sobre los volcanes", locale="es", inside=True),
    Topic(name="invented", topic="the Zorblatt-Quimby theorem", inside=False),
)
OF_TIME = {"seconds", "first_lesson_share", "throughput"}
"""What hangs on what else this machine does; `lyo eval` judges it, alone on a machine."""


async def test_a_small_evaluation_clears_every_bar(library: LibrarySource, real_model_url: str) -> None:
    async with ServedModel(real_model_url) as model:
        plan = Plan(topics=TOPICS, for_throughput=None, naively=False, at_once=2)
        report = await evaluate(plan, Shelf(passages=(library,)), model)
    said = {one.topic.name: (one.engine.outcome, one.engine.message, one.engine.failing) for one in report.tried}
    low = {bar.name: (bar.value, bar.limit, bar.reason) for bar in report.bars if bar.state in {"fails", "undefined"}}
    assert {name: low[name] for name in low.keys() - OF_TIME} == {}, said
    wrote = {one.topic.name: one.engine.completion_tokens for one in report.tried if one.topic.inside}
    assert all(tokens >= 8 for tokens in wrote.values()), f"the model was asked, and wrote: {wrote}"
