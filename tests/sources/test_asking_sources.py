"""Several sources at once: what one does concerns it alone."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import uuid4

import pytest
from support.library import passage
from support.source_hosts import HASTY, fetcher, hangs, host

from lyo.sources.asking import Tally, ask_all, tallies
from lyo.sources.breaker import Pauses
from lyo.sources.protocol import Passage, SourceUnavailable
from lyo.sources.wikipedia import WikipediaSource

pytestmark = pytest.mark.anyio


class Saying:
    """A source that answers, or fails, as it is told."""

    def __init__(self, answer: Sequence[Passage] | BaseException | None) -> None:
        self.name = f"s{uuid4().hex[:8]}"
        self.answer = answer

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Passage]:
        if self.answer is None:
            await asyncio.Event().wait()
        if isinstance(self.answer, BaseException):
            raise self.answer
        return [found for found in self.answer or () if query and found.language == language][:limit]


ONE = passage("Volcano", "A volcano is a rupture.")


def told_in(caplog: pytest.LogCaptureFixture) -> list[tuple[str, Mapping[str, Any]]]:
    """What was logged of failures: the level and the event."""
    events = [(record.levelname.lower(), cast("Mapping[str, Any]", record.msg)) for record in caplog.records]
    return [(level, event) for level, event in events if "event" in event and event["event"] == "sources.failed"]


async def test_each_answers_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    good, empty = Saying([ONE]), Saying([])
    away, broken, stuck = Saying(SourceUnavailable("It is away.")), Saying(KeyError("secret")), Saying(None)
    began = time.monotonic()
    answers = await ask_all([away, good, stuck, empty, broken], "volcano", language="en", limit=3, seconds=0.3)
    assert time.monotonic() - began < 5  # the stuck one never ends
    assert answers.found == {good.name: [ONE], empty.name: []}
    assert answers.failed == (away.name, stuck.name, broken.name)
    told = {event["source"]: event["reason"] for _, event in told_in(caplog)}
    assert told == {
        away.name: "It is away.",
        stuck.name: "It does not answer within 0.3 s.",
        broken.name: "KeyError while it was asked.",
    }
    assert tallies()[good.name] == Tally(asked=1, found=1, failed=0)
    assert tallies()[empty.name] == Tally(asked=1, found=0, failed=0)
    assert {tallies()[source.name].failed for source in (away, broken, stuck)} == {1}


async def test_no_sources_no_answers() -> None:
    answers = await ask_all(list[Saying](), "volcano", language="en", limit=3)
    assert (dict(answers.found), answers.failed) == ({}, ())


async def test_a_cancelled_question_is_cancelled() -> None:
    asking = asyncio.create_task(ask_all([Saying(None), Saying([ONE])], "volcano", language="en", limit=3))
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_the_same_reason_is_a_warning_once_until_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    source = Saying(SourceUnavailable("It is away."))
    for _ in range(3):
        await ask_all([source], "volcano", language="en", limit=3)
    source.answer = [ONE]
    await ask_all([source], "volcano", language="en", limit=3)
    source.answer = SourceUnavailable("It is away.")
    await ask_all([source], "volcano", language="en", limit=3)
    assert [level for level, _ in told_in(caplog)] == ["warning", "info", "info", "warning"]
    assert tallies()[source.name] == Tally(asked=5, found=1, failed=4)


async def test_a_source_that_hangs_delays_the_other_by_one_time_out_and_then_by_nothing() -> None:
    good = Saying([ONE])
    async with host(hangs) as there, fetcher(HASTY, Pauses(first=600)) as asking:
        stuck, waited = WikipediaSource(asking, there.url), list[float]()
        for _ in range(10):
            began = time.monotonic()
            answers = await ask_all([good, stuck], "volcano", language="en", limit=3)
            waited.append(time.monotonic() - began)
            assert answers.found == {good.name: [ONE]}
            assert answers.failed == ("wikipedia",)
        assert len(there.asked) == 1
        assert sum(waited) < 5 * HASTY.whole
