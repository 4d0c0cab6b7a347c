"""Models that nobody would want: what a language model can do wrong, each as a `LanguageModel`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lyo.llm.protocol import Completion, ModelInfo, ModelMisbehaved, ModelUnavailable, Prompt


@dataclass
class Scripted:
    """Answers with what `script` makes of a prompt; an exception that it returns is raised."""

    script: Callable[[Prompt], str | Exception]
    speaks_chat: bool = False
    slots: int = 4
    asked: list[Prompt] = field(default_factory=list[Prompt])
    at_once: int = 0
    most_at_once: int = 0

    async def info(self) -> ModelInfo:
        return ModelInfo(
            id="scripted", sha256=None, speaks_chat=self.speaks_chat, context_tokens=2048, slots=self.slots
        )

    async def write(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> Completion:
        self.asked.append(prompt)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        said = self.script(prompt)
        if isinstance(said, Exception):
            raise said
        return Completion(text=said, finish="stop", prompt_tokens=10, completion_tokens=5, seconds=0.01)


FOOLISH: dict[str, Callable[[Prompt], str | Exception]] = {
    "says nothing": lambda _: "",
    "loops": lambda _: " The plant is a plant and the plant is a plant and the plant is a plant." * 20,
    "writes HTML": lambda _: "Plants are <script>alert(1)</script> the organisms that make sugar.",
    "links": lambda _: "Plants are described at https://evil.example/plants by [us](javascript:alert(1)).",
    "leaks control tokens": lambda _: "<end_of_turn><eos> Photosynthesis is a process.<|im_end|>",
    "floods": lambda _: "Photosynthesis converts light. " * 400,
    "invents numbers": lambda _: (
        "In 1843, photosynthesis had 77 percent. Chlorophyll of plants weighs 12 grams in 3 leaves."
    ),
    "invents names": lambda _: "Photosynthesis was discovered by Gottfried Wimmelmann in Ruritania.",
    "repeats the source": lambda p: p.request,
    "speaks another language": lambda _: "La photosynthèse est un processus par lequel les plantes font du sucre.",
    "stops in the middle": lambda _: "Photosynthesis is a process by which the",
    "writes Markdown": lambda _: "# Title\n- **Photosynthesis** is a process [1]\n![x](y)",
    "forges labels": lambda _: "Title: Objective: Title: [1] [2] [99]\nObjective: {}; DROP TABLE lessons",
    "misbehaves": lambda _: ModelMisbehaved("not the protocol"),
}

UNAVAILABLE: Callable[[Prompt], str | Exception] = lambda _: ModelUnavailable("nobody answers")  # noqa: E731  a script like the others
