"""Asking the model: within its slots, with what it cost, and with a misbehaving one counted as no answer."""

import asyncio
from dataclasses import dataclass, field

from lyo.courses.generation.languages import Task
from lyo.courses.generation.values import Spent
from lyo.llm.protocol import LanguageModel, ModelMisbehaved, Prompt

MOST_ANSWER_CHARACTERS = 4000
"""What is longer is no answer to anything that we ask: it is not even looked at."""


@dataclass(slots=True)
class Desk:
    """Everything that one step asks of a model goes through one desk, which keeps the account."""

    model: LanguageModel
    speaks_chat: bool
    slots: asyncio.Semaphore
    spent: Spent = field(default_factory=Spent)

    async def ask(self, task: Task, request: str, *, max_tokens: int, temperature: float = 0.0, seed: int = 0) -> str:
        """The model's answer, or nothing where it misbehaves; raises `ModelUnavailable`."""
        prompt = Prompt(
            instruction=task.instruction,
            request=request,
            examples=task.examples,
            request_label=task.request_label,
            answer_label=task.answer_label,
        )
        stop = () if self.speaks_chat else ("\n\n", f"\n{task.request_label}:")
        async with self.slots:
            try:
                done = await self.model.write(
                    prompt, max_tokens=max_tokens, temperature=temperature, seed=seed, stop=stop
                )
            except ModelMisbehaved:
                self.spent = self.spent + Spent(calls=1)
                return ""
        self.spent = self.spent + Spent(
            calls=1,
            prompt_tokens=done.prompt_tokens,
            completion_tokens=done.completion_tokens,
            seconds=done.seconds,
        )
        return done.text.strip() if len(done.text) <= MOST_ANSWER_CHARACTERS else ""


async def open_desk(model: LanguageModel) -> Desk:
    """A desk for one step; raises `ModelUnavailable`. A model that cannot even say what it is gets base prompts."""
    try:
        info = await model.info()
    except ModelMisbehaved:
        return Desk(model, speaks_chat=False, slots=asyncio.Semaphore(1))
    return Desk(model, speaks_chat=info.speaks_chat, slots=asyncio.Semaphore(max(1, info.slots)))
