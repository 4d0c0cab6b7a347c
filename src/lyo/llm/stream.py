"""Reading a model's streamed answer (server-sent events) within limits: bytes, text, and time are all bounded."""

import json
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from lyo.llm.protocol import ModelMisbehaved

MAX_EVENT_BYTES = 1 << 20
"""llama.cpp's last event repeats the prompt and the settings; nothing honest is longer."""
BYTES_PER_TOKEN = 2048
"""An event of one token is about 250 bytes; generous for servers that say more."""
CHARACTERS_PER_TOKEN = 64
"""The longest tokens of Gemma's vocabulary are runs of 31 spaces."""


@dataclass(slots=True)
class Answer:
    """What has come of an answer so far."""

    max_tokens: int
    pieces: list[str] = field(default_factory=list[str])
    characters: int = 0
    finish: Literal["stop", "length"] | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, piece: object) -> None:
        """Take a piece of text; raises `ModelMisbehaved` when it is none, or too much came."""
        if piece is None:
            return
        if not isinstance(piece, str):
            raise ModelMisbehaved("The model server sent something other than text.")
        self.pieces.append(piece)
        self.characters += len(piece)
        if self.characters > self.max_tokens * CHARACTERS_PER_TOKEN:
            raise ModelMisbehaved("The model server sent more text than was asked for.")


async def events(blocks: AsyncIterable[bytes], max_tokens: int) -> AsyncGenerator[dict[str, object]]:
    """The JSON objects of an event stream, until `[DONE]` or its end; raises `ModelMisbehaved`."""
    left = MAX_EVENT_BYTES + max_tokens * BYTES_PER_TOKEN
    pending = bytearray()
    async for block in blocks:
        left -= len(block)
        pending += block
        lines: list[bytes] = []
        if b"\n" in block:
            *lines, rest = bytes(pending).split(b"\n")
            pending = bytearray(rest)
        if left < 0 or len(pending) > MAX_EVENT_BYTES:
            raise ModelMisbehaved("The model server sent more than was asked for.")
        for line in lines:
            if not line.startswith(b"data:"):
                continue  # comments that keep the connection open, event names, empty lines
            data = line[5:].strip()
            if data == b"[DONE]":
                return
            yield _object(data)


def take_openai(answer: Answer, event: Mapping[str, object]) -> bool:
    """Take an event of `/v1/chat/completions` or `/v1/completions`; never the last one for sure (usage follows)."""
    choices = event.get("choices")
    if isinstance(choices, list) and choices:
        choice = _mapping(cast("list[object]", choices)[0])
        delta = choice.get("delta")
        answer.add(_mapping(delta).get("content") if delta is not None else choice.get("text"))
        if choice.get("finish_reason") is not None:
            answer.finish = "length" if choice["finish_reason"] == "length" else "stop"
    usage = event.get("usage")
    if isinstance(usage, dict):
        _count(answer, cast("dict[str, object]", usage), "prompt_tokens", "completion_tokens")
    return False


def take_llama(answer: Answer, event: Mapping[str, object]) -> bool:
    """Take an event of llama.cpp's `/completion`; whether it was the last one."""
    answer.add(event.get("content"))
    if event.get("stop") is not True:
        return False
    answer.finish = "length" if event.get("stop_type") == "limit" else "stop"
    _count(answer, event, "tokens_evaluated", "tokens_predicted")
    return True


def _count(answer: Answer, source: Mapping[str, object], prompt: str, completion: str) -> None:
    counts = source.get(prompt), source.get(completion)
    answer.prompt_tokens, answer.completion_tokens = (n if isinstance(n, int) else 0 for n in counts)


def _object(data: bytes) -> dict[str, object]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelMisbehaved("The model server sent an event that is not JSON.") from error
    return _mapping(value)


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ModelMisbehaved("The model server does not speak the OpenAI protocol.")
    return cast("dict[str, object]", value)
