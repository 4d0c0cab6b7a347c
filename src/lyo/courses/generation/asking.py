"""Asking the model: within its slots, its window and a budget, and with a misbehaving one counted as no answer."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from lyo.courses.generation.languages import Task
from lyo.courses.generation.values import Spent
from lyo.llm.protocol import LanguageModel, ModelMisbehaved, Prompt

MOST_ANSWER_CHARACTERS = 4000
"""What is longer is no answer to anything that we ask: it is not even looked at."""

STEP_TOKENS = 40_000
"""Read and written in one step, after which the model is not asked again: twenty times what a lesson takes."""

STEP_SECONDS = 240.0
"""Of one step, after which the sources speak for themselves. Four courses at once on two cores: a lesson takes 60."""

CHARACTERS_PER_TOKEN = 2.5
"""Of Latin text, at the least: Gemma's tokens have about four. Anything else is counted as a token a character."""

LEAST_CONTEXT_TOKENS = 2048
"""Of a model that does not say."""

_LATIN = "\u024f"


@dataclass(slots=True)
class Desk:
    """Everything that one step asks of a model goes through one desk, which keeps the account."""

    model: LanguageModel
    speaks_chat: bool
    at_once: int
    """How many questions the model works on at a time."""
    context_tokens: int
    spent: Spent = field(default_factory=Spent)
    began: float = field(default_factory=time.monotonic)
    slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.slots = asyncio.Semaphore(self.at_once)

    async def ask(
        self,
        task: Task,
        request: str,
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        json_schema: Mapping[str, object] | None = None,
        grammar: str | None = None,
        begun: str = "",
    ) -> str:
        """The model's answer, without what was `begun` for it; nothing where it misbehaves or the budget is spent.

        Raises `ModelUnavailable`.
        """
        prompt = Prompt(
            instruction=task.instruction,
            request=self._within_window(task, request, max_tokens),
            examples=task.examples,
            request_label=task.request_label,
            answer_label=task.answer_label,
            json_schema=json_schema,
            grammar=grammar,
            begun=begun,
        )
        stop = () if self.speaks_chat or json_schema is not None else ("\n\n", f"\n{task.request_label}:")
        async with self.slots:
            left = STEP_SECONDS - (time.monotonic() - self.began)
            if left <= 0 or self.spent.prompt_tokens + self.spent.completion_tokens >= STEP_TOKENS:
                return ""
            try:
                async with asyncio.timeout(left):
                    done = await self.model.write(
                        prompt, max_tokens=max_tokens, temperature=temperature, seed=seed, stop=stop
                    )
            except (ModelMisbehaved, TimeoutError):
                self.spent = self.spent + Spent(calls=1)
                return ""
        self.spent = self.spent + Spent(
            calls=1,
            prompt_tokens=done.prompt_tokens,
            completion_tokens=done.completion_tokens,
            seconds=done.seconds,
        )
        return done.text.strip() if len(done.text) <= MOST_ANSWER_CHARACTERS else ""

    def _within_window(self, task: Task, request: str, max_tokens: int) -> str:
        """As much of the request as fits beside the instruction, the examples and the answer."""
        fixed = task.instruction + "".join(f"{example.request}{example.answer}" for example in task.examples)
        left = float(self.context_tokens - max_tokens) - tokens(fixed)
        if tokens(request) <= left:
            return request
        for at, character in enumerate(request):
            left -= tokens(character)
            if left < 0:
                return request[:at]
        return request


def tokens(text: str) -> float:
    """How many tokens `text` has at the most, by its characters."""
    return sum(1 / CHARACTERS_PER_TOKEN if character <= _LATIN else 1.0 for character in text)


async def open_desk(model: LanguageModel) -> Desk:
    """A desk for one step; raises `ModelUnavailable`. A model that cannot even say what it is gets base prompts."""
    try:
        info = await model.info()
    except ModelMisbehaved:
        return Desk(model, speaks_chat=False, at_once=1, context_tokens=LEAST_CONTEXT_TOKENS)
    return Desk(
        model,
        speaks_chat=info.speaks_chat,
        at_once=max(1, info.slots),
        context_tokens=info.context_tokens,
    )
