"""Whether the engine keeps the model busy: its tokens a second, over those of the same prompts sent straight to it."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from lyo.courses.generation.making import make_course
from lyo.courses.generation.values import CourseRequest, GenerationFailed
from lyo.evaluation.values import Throughput
from lyo.llm.protocol import Completion, LanguageModel, LlmError, ModelInfo, Prompt
from lyo.sources.protocol import Shelf

COURSES = 4
"""Made at once."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request, as it was made."""

    prompt: Prompt
    max_tokens: int
    temperature: float
    seed: int
    stop: Sequence[str]


@dataclass(slots=True)
class _Recorder:
    """A model that remembers what it was asked and how much it wrote."""

    model: LanguageModel
    asked: list[_Asked] = field(default_factory=list[_Asked])
    tokens: int = 0

    async def info(self) -> ModelInfo:
        """That of the model behind it."""
        return await self.model.info()

    async def write(
        self, prompt: Prompt, *, max_tokens: int, temperature: float = 0.0, seed: int = 0, stop: Sequence[str] = ()
    ) -> Completion:
        """The answer of the model behind it."""
        done = await self.model.write(prompt, max_tokens=max_tokens, temperature=temperature, seed=seed, stop=stop)
        self.asked.append(_Asked(prompt, max_tokens, temperature, seed, stop))
        self.tokens += done.completion_tokens
        return done


async def measure(requests: Sequence[CourseRequest], shelf: Shelf, model: LanguageModel) -> Throughput | str:
    """Make the first `COURSES` of the requests at once, then send their prompts again without the engine.

    In between the others are made, as far as there are any: then the server remembers what it did when the engine
    asked, the beginning of all prompts, and none of them whole. Sent again at once they take an eighth less time.
    Gives the reason where it cannot be measured.
    """
    if len(requests) < COURSES:
        return f"it wants {COURSES} topics inside the library, and there are {len(requests)}"
    recorder = _Recorder(model)
    slots = (await model.info()).slots
    try:
        began = time.monotonic()
        await asyncio.gather(*(make_course(request, shelf, recorder) for request in requests[:COURSES]))
        through = time.monotonic() - began
        await asyncio.gather(*(_make_another(request, shelf, model) for request in requests[COURSES:]))
        straight, tokens = await _replay(recorder.asked, model, slots)
    except (LlmError, GenerationFailed) as error:
        return str(error)
    return Throughput(
        courses=COURSES,
        slots=slots,
        prompts=len(recorder.asked),
        engine=recorder.tokens / through,
        direct=tokens / straight,
    )


async def _make_another(request: CourseRequest, shelf: Shelf, model: LanguageModel) -> None:
    # Whether there is a course in the end is all the same: it is made for what it asks of the model.
    with suppress(GenerationFailed):
        await make_course(request, shelf, model)


async def _replay(asked: Sequence[_Asked], model: LanguageModel, slots: int) -> tuple[float, int]:
    """Seconds and tokens of all requests, with as many under way as the server has slots."""
    free = asyncio.Semaphore(slots)

    async def send(one: _Asked) -> int:
        async with free:
            done = await model.write(
                one.prompt, max_tokens=one.max_tokens, temperature=one.temperature, seed=one.seed, stop=one.stop
            )
            return done.completion_tokens

    began = time.monotonic()
    tokens = sum(await asyncio.gather(*(send(one) for one in asked)))
    return time.monotonic() - began, tokens
