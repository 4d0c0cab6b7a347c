"""What the rest of Lyo knows of a language model: one prompt type, one answer type, one small protocol.

Errors:

    LlmError
    ├── ModelUnavailable   nobody answers, or the server says that it cannot serve: try again later
    └── ModelMisbehaved    an answer came and is of no use (not the protocol, over its limits)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


class LlmError(Exception):
    """Anything that a language model can do to us."""


class ModelUnavailable(LlmError):
    """No model can be asked now. The message says why, in a sentence that an operator can act on."""


class ModelMisbehaved(LlmError):
    """The model server answered outside its protocol or beyond the limits that we set."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The model that a server has loaded."""

    id: str
    sha256: str | None
    """Hex digest of the verified file; None where the server is not ours and does not say."""
    speaks_chat: bool
    """Whether it has a chat template. A base model (the small default is one) continues documents instead."""
    context_tokens: int
    """The window of one request: prompt and answer together."""
    slots: int
    """How many requests it works on at once."""


@dataclass(frozen=True, slots=True)
class Example:
    """One worked example: what was asked, and the answer that we would like."""

    request: str
    answer: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked of a model, free of the form that it takes.

    A chat model gets `instruction` and the examples as turns; a base model gets one few-shot document in which
    each pair stands as `request_label: … answer_label: …` and the last answer is open. Everything up to `request`
    is the same for all calls of a kind, so that the server can reuse its prompt cache.
    """

    instruction: str
    request: str
    examples: Sequence[Example] = ()
    request_label: str = "Source"
    answer_label: str = "Text"
    json_schema: Mapping[str, object] | None = None
    """Constrains the answer to JSON of this schema, for short fields only; prose is written without one."""
    grammar: str | None = None
    """Constrains the answer of a base model to this GBNF grammar. Only llama.cpp obeys it: what comes is judged."""
    begun: str = ""
    """The first words of a base model's answer, from which it goes on; they are no part of what it returns."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, and what it cost."""

    text: str
    finish: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int
    seconds: float


class LanguageModel(Protocol):
    """A model that can be asked. Implementations are safe for concurrent calls."""

    async def info(self) -> ModelInfo:
        """Which model answers; raises `ModelUnavailable`."""
        ...

    async def write(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> Completion:
        """Let the model answer `prompt`; raises `LlmError`. A cancelled call stops the generation."""
        ...
