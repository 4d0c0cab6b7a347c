"""A language model behind an OpenAI-compatible server: llama.cpp (ours or another's), vLLM, Ollama.

Three forms of one request, chosen by what the server is and what the model can:

- a chat model anywhere: `/v1/chat/completions`, with `response_format` for JSON;
- a base model on llama.cpp: its own `/completion`, because its `/v1/completions` ignores `response_format`;
- a base model elsewhere (only where the caller says so; no protocol tells): `/v1/completions`.

Every answer is streamed, so that a cancelled call stops the generation, and read within limits.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import TracebackType
from typing import Self, cast

import httpx2

from lyo.core.modelserver import AnswerTooLong, error_of, fetch_limited, probe, server_root, sha256_of, tags_of
from lyo.llm.protocol import Completion, ModelInfo, ModelMisbehaved, ModelUnavailable, Prompt
from lyo.llm.rendering import chat_messages, document, document_stops
from lyo.llm.stream import Answer, events, take_llama, take_openai

_MAX_INFO_BYTES = 4 << 20
_MAX_ERROR_BYTES = 64 << 10
_INFO_SECONDS = 60.0
"""How long what a server said of itself is believed; any failure ends it earlier."""
DEFAULT_CONTEXT_TOKENS = 4096
DEFAULT_SLOTS = 4
_BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a model may take, in seconds."""

    connect: float = 5.0
    silence: float = 120.0
    """Between two pieces of an answer; the first one waits for a free slot and for the prompt to be read."""
    answer: float = 300.0
    """For one whole answer."""


@dataclass(frozen=True, slots=True)
class _Server:
    info: ModelInfo
    is_llama_cpp: bool


class ServedModel:
    """A `LanguageModel` over HTTP. Use as an async context manager; safe for concurrent calls."""

    def __init__(self, url: str, *, timeouts: Timeouts = Timeouts(), speaks_chat: bool | None = None) -> None:
        """Ask the server at `url` (MODEL_URL). `speaks_chat` overrules what the server says or leaves open."""
        self._root = server_root(url)
        self._timeouts = timeouts
        self._speaks_chat = speaks_chat
        self._known: tuple[float, _Server] | None = None
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(timeouts.silence, connect=timeouts.connect),
            limits=httpx2.Limits(max_connections=64, max_keepalive_connections=16),
            headers={"Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def info(self) -> ModelInfo:
        """Which model answers; raises `ModelUnavailable`."""
        return (await self._server()).info

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
        server = await self._server()
        sampling = {"temperature": temperature, "seed": seed, "stream": True}
        path, take, body = _request(server, prompt, max_tokens, [*stop])
        answer = Answer(max_tokens)
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._timeouts.answer):
                await self._stream(path, {**body, **sampling}, answer, take)
        except (httpx2.TimeoutException, TimeoutError) as error:
            self._known = None
            raise ModelUnavailable("The model takes too long to answer: it is overloaded or stuck.") from error
        except httpx2.TransportError as error:
            self._known = None
            raise ModelUnavailable(
                "The connection to the model server broke off in the middle of an answer."
            ) from error
        if answer.finish is None:
            raise ModelMisbehaved("The model server ended an answer without saying why.")
        return Completion(
            text="".join(answer.pieces),
            finish=answer.finish,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            seconds=time.monotonic() - began,
        )

    async def _stream(
        self,
        path: str,
        body: Mapping[str, object],
        answer: Answer,
        take: Callable[[Answer, Mapping[str, object]], bool],
    ) -> None:
        async with self._client.stream("POST", self._root + path, json=body) as response:
            if response.status_code != HTTPStatus.OK:
                await self._refused(response)
            # Raw: a compressed answer, which nobody asked for, cannot blow up in our memory.
            blocks = cast("AsyncIterator[bytes]", response.aiter_raw())
            async with aclosing(events(blocks, answer.max_tokens)) as stream:
                async for event in stream:
                    if "error" in event:
                        raise ModelMisbehaved(_quoted(json.dumps(event).encode(), "The model failed while writing"))
                    if take(answer, event):
                        return

    async def _refused(self, response: httpx2.Response) -> None:
        body = bytearray()
        async for block in response.aiter_raw():
            body += block
            if len(body) > _MAX_ERROR_BYTES:
                break
        said = _quoted(bytes(body[:_MAX_ERROR_BYTES]), f"The model server answered {response.status_code}")
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status_code in _BUSY:
            self._known = None
            raise ModelUnavailable(said)
        raise ModelMisbehaved(said)

    async def _server(self) -> _Server:
        if self._known is not None and time.monotonic() - self._known[0] < _INFO_SECONDS:
            return self._known[1]
        health = await probe(self._client, self._root)
        if not health.ok:
            raise ModelUnavailable(health.reason or "The model server has no model.")
        server = await self._ask()
        self._known = time.monotonic(), server
        return server

    async def _ask(self) -> _Server:
        models = await self._json("/v1/models")
        entries = models.get("data")
        model = _mapping(cast("list[object]", entries)[0] if isinstance(entries, list) and entries else None)
        props = await self._json("/props") if model.get("owned_by") == "llamacpp" else {}
        generation = _mapping(props.get("default_generation_settings"))
        context = _whole(generation.get("n_ctx")) or _whole(model.get("max_model_len")) or DEFAULT_CONTEXT_TOKENS
        info = ModelInfo(
            id=str(model.get("id", "")),
            sha256=sha256_of(model),
            speaks_chat=_speaks_chat(model, props),
            context_tokens=context,
            slots=_whole(props.get("total_slots")) or DEFAULT_SLOTS,
        )
        if self._speaks_chat is not None:
            info = replace(info, speaks_chat=self._speaks_chat)
        return _Server(info, is_llama_cpp=bool(props))

    async def _json(self, path: str) -> dict[str, object]:
        try:
            status, body = await fetch_limited(self._client, self._root + path, _MAX_INFO_BYTES)
            return _mapping(json.loads(body)) if status == HTTPStatus.OK else {}
        except (httpx2.HTTPError, TimeoutError) as error:
            raise ModelUnavailable("The model server does not answer.") from error
        except (AnswerTooLong, ValueError, RecursionError) as error:
            raise ModelMisbehaved("What answers at MODEL_URL is no model server.") from error


def _request(
    server: _Server, prompt: Prompt, max_tokens: int, stop: list[str]
) -> tuple[str, Callable[[Answer, Mapping[str, object]], bool], dict[str, object]]:
    """Path, reader of the answer's events, and body of the request that suits the server and the model."""
    schema = prompt.json_schema
    openai: dict[str, object] = {
        "model": server.info.id,
        "max_tokens": max_tokens,
        "stream_options": {"include_usage": True},
    }
    if schema is not None:
        named = {"name": "answer", "schema": schema, "strict": True}
        openai["response_format"] = {"type": "json_schema", "json_schema": named}
    if server.info.speaks_chat:
        ends = {"stop": stop} if stop else {}
        return "/v1/chat/completions", take_openai, {**openai, **ends, "messages": chat_messages(prompt)}
    text = {"prompt": document(prompt), "stop": [*stop, *document_stops(prompt)]}
    if not server.is_llama_cpp:
        return "/v1/completions", take_openai, {**openai, **text}
    constraint: dict[str, object] = {} if prompt.grammar is None else {"grammar": prompt.grammar}
    if schema is not None:
        constraint = {"json_schema": schema}
    return "/completion", take_llama, {**text, **constraint, "n_predict": max_tokens, "cache_prompt": True}


def _speaks_chat(model: Mapping[str, object], props: Mapping[str, object]) -> bool:
    tags = tags_of(dict(model))
    if "chat" in tags or "base" in tags:
        return "chat" in tags
    # llama.cpp gives a model without a template this one of its own (CHATML_TEMPLATE_SRC); vLLM and Ollama serve
    # chat models unless somebody asked for another thing.
    made_up = "{%- for message in messages -%}\n  {{- '<|im_start|>' + message.role + '\n' + message.content"
    return not str(props.get("chat_template", "")).startswith(made_up)


def _quoted(body: bytes, lead: str) -> str:
    _, message = error_of(body)
    return f"{lead}: {message.rstrip('.')}." if message else f"{lead}."


def _mapping(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _whole(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
