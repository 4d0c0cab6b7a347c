import asyncio
from collections.abc import Sequence

import pytest
from support.writers import FOOLISH, Scripted

from lyo.courses.generation import asking
from lyo.courses.generation.asking import open_desk, tokens
from lyo.courses.generation.languages import language_data
from lyo.llm.protocol import Completion, ModelInfo, ModelMisbehaved, Prompt

pytestmark = pytest.mark.anyio
TASK = language_data("en").explain


class Endless(Scripted):
    """Streams for ever."""

    async def write(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> Completion:
        await asyncio.sleep(3600)
        raise AssertionError


async def test_an_answer_is_counted() -> None:
    desk = await open_desk(Scripted(lambda _: " Yes. "))
    assert await desk.ask(TASK, "Plants.", max_tokens=10) == "Yes."
    assert (desk.spent.calls, desk.spent.prompt_tokens, desk.spent.completion_tokens) == (1, 10, 5)


async def test_a_model_that_streams_for_ever_is_left_when_the_step_s_time_is_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "STEP_SECONDS", 0.2)
    desk = await open_desk(Endless(FOOLISH["says nothing"]))
    async with asyncio.timeout(5):
        assert await desk.ask(TASK, "Plants.", max_tokens=10) == ""
        assert await desk.ask(TASK, "Plants.", max_tokens=10) == ""
    assert desk.spent.calls == 1


async def test_a_step_that_has_spent_its_tokens_asks_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "STEP_TOKENS", 40)
    model = Scripted(lambda _: "Yes.")
    desk = await open_desk(model)
    answers = [await desk.ask(TASK, "Plants.", max_tokens=10) for _ in range(5)]
    assert answers == ["Yes.", "Yes.", "Yes.", "", ""]
    assert len(model.asked) == 3


@pytest.mark.parametrize("text", ["word " * 5000, "字" * 5000, "🦊" * 5000, "a"])
async def test_a_prompt_fits_the_window_whatever_the_source_says(text: str) -> None:
    model = Scripted(lambda _: "Yes.")
    desk = await open_desk(model)
    await desk.ask(TASK, text, max_tokens=200)
    (prompt,) = model.asked
    whole = prompt.instruction + prompt.request + "".join(e.request + e.answer for e in prompt.examples)
    assert tokens(whole) <= desk.context_tokens - 200
    assert text.startswith(prompt.request)


async def test_an_answer_of_megabytes_is_no_answer() -> None:
    desk = await open_desk(Scripted(lambda _: "x" * 10_000_000))
    assert await desk.ask(TASK, "Plants.", max_tokens=10) == ""


async def test_a_model_that_misbehaves_is_no_answer() -> None:
    desk = await open_desk(Scripted(lambda _: ModelMisbehaved("no")))
    assert await desk.ask(TASK, "Plants.", max_tokens=10) == ""
    assert desk.spent.calls == 1


async def test_a_model_that_cannot_say_what_it_is_gets_the_plainest_prompts() -> None:
    class Mute(Scripted):
        async def info(self) -> ModelInfo:
            raise ModelMisbehaved("no")

    desk = await open_desk(Mute(FOOLISH["says nothing"]))
    assert not desk.speaks_chat
    assert desk.context_tokens == asking.LEAST_CONTEXT_TOKENS
