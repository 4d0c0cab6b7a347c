"""Lyo's smoke test: one course from the log-in to the last lesson, against any running server, from outside.

    python smoke_test.py --base http://localhost:8000 --email demo@example.com --password demo

Prints a line for each check and ends with 0 only if all of them passed. Knows nothing but the API's contract.
"""

import argparse
import asyncio
import base64
import ssl
import sys
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx2
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

REQUEST_SECONDS: Final = 15.0
MODEL_SECONDS: Final = 90.0
"""How long a server that was just started may take to load its model."""
POLL_SECONDS: Final = 1.0
NORMAL_CLOSE: Final = 1000
WISH: Final = {"topic": "genai", "interests": ["ml"], "level": "beginner", "locale": "en"}

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
Words = Annotated[str, Field(min_length=1)]
Percent = Annotated[int, Field(ge=0, le=100)]


class Failed(Exception):
    """A check failed. The message is one sentence that says how."""


class Shape(BaseModel):
    """What an answer must have at least. A field that may be null must be there all the same."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True)


class Tokens(BaseModel):  # noqa: D101 - the names say it, here and below
    access_token: Words
    refresh_token: Words
    token_type: Literal["bearer"]
    expires_in: Annotated[int, Field(gt=0)]


class Promise(BaseModel):  # noqa: D101
    task_id: UUID
    provisional_course_id: UUID


class ProblemDetails(Shape):  # noqa: D101
    type: Words
    title: Words
    status: int
    detail: Words
    instance: Words


class Anonymous(Shape):
    """A change of a task, as whoever knows its id sees it."""

    seq: int
    state: Literal["PENDING", "RUNNING", "DONE", "ERROR"]
    progress_pct: Percent


class Progress(Anonymous):
    """A change of a task, as its owner sees it."""

    message: str | None
    result_id: UUID | None
    error_code: str | None = None


class Item(Shape):  # noqa: D101
    id: UUID
    type: Literal["text", "article", "video", "quiz"]
    title: Words
    source: Words
    source_url: str | None
    content: str | None = None


class Lesson(Shape):  # noqa: D101
    id: UUID
    title: Words
    order: int
    items: Annotated[list[UUID], Field(min_length=1)]


class Course(Shape):  # noqa: D101
    id: UUID
    title: Words
    description: Words
    status: Literal["completed"]
    lessons: Annotated[list[Lesson], Field(min_length=1)]
    items: Annotated[list[Item], Field(min_length=1)]
    created_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


class Feed(Shape):  # noqa: D101
    items: Annotated[list[dict[str, Any]], Field(max_length=5)]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for; `seconds` is how long the course may take."""

    base: str
    email: str
    password: str
    seconds: float
    expired_token: str | None
    ws_require_auth: bool
    ca: str | None


@dataclass(slots=True)
class Run:
    """A run under way: the way to the server, and which checks have passed so far."""

    wanted: Wanted
    client: httpx2.AsyncClient
    tls: ssl.SSLContext
    token: str = ""
    results: dict[str, bool] = field(default_factory=dict[str, bool])


def expect(holds: object, otherwise: str) -> None:
    """Raise `Failed` unless it holds."""
    if not holds:
        raise Failed(otherwise)


async def check(run: Run, name: str, doing: Awaitable[T]) -> T | None:
    """Do one check, print its line, and return what it found; None if it failed."""
    try:
        found = await doing
    except (Failed, httpx2.HTTPError, WebSocketException, OSError, ValueError) as error:
        run.results[name] = False
        print(f"❌ {name}: {sentence(error)}", flush=True)
        return None
    run.results[name] = True
    print(f"✅ {name}", flush=True)
    return found


def sentence(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, Failed):
        return str(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "as a whole"
        return f"The answer is wrong ({place}): {first['msg']}."
    if isinstance(error, TimeoutError | httpx2.TimeoutException):
        return "The server did not answer in time."
    words = " ".join(str(error).split()) or type(error).__name__
    return f"The conversation with the server failed: {words.rstrip('.')}."


def read(model: type[M], response: httpx2.Response, status: int = 200) -> M:
    """The body of an answer that must have this status and this shape."""
    if response.status_code != status:
        try:
            why = f": {ProblemDetails.model_validate_json(response.content).detail.rstrip('.')}"
        except ValidationError:
            why = ""
        raise Failed(f"The status is {response.status_code} and not {status}{why}.")
    return model.model_validate_json(response.content)


def expect_problem(status: int, headers: Mapping[str, str], body: bytes, *allowed: int) -> None:
    """Check that an answer is a Problem with one of the allowed statuses."""
    expect(status in allowed, f"The status is {status} and not {' or '.join(map(str, allowed))}.")
    media = headers.get("content-type", "missing")
    expect(media.startswith("application/problem+json"), f"The content type is {media}, not application/problem+json.")
    problem = ProblemDetails.model_validate_json(body)
    expect(problem.status == status, f"The problem says {problem.status}, but the answer's status is {status}.")


def bearer(token: str) -> dict[str, str]:
    """The header that carries an access token."""
    return {"Authorization": f"Bearer {token}"}


def forged_token() -> str:
    """An access token of the right form that has expired and that nobody signed."""
    now = int(time.time())
    head = b'{"alg":"HS256","typ":"at+jwt"}'
    claims = (
        f'{{"iss":"https://api.lyo.app","aud":"lyo-app","sub":"{uuid4()}","sid":"{uuid4()}","jti":"{uuid4()}",'
        f'"iat":{now - 7200},"exp":{now - 5400}}}'
    ).encode()
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (head, claims, bytes(32)))


async def health(run: Run) -> bool:
    """The server can serve."""
    response = await run.client.get("/v1/health/ready")
    expect(response.status_code == HTTPStatus.OK, f"The server answers {response.status_code}: {response.text[:200]}")
    return True


async def model_health(run: Run) -> None:
    """The model is there, or is soon."""
    given_up_at = time.monotonic() + min(MODEL_SECONDS, run.wanted.seconds)
    while True:
        response = await run.client.get("/v1/health/model")
        if response.status_code == HTTPStatus.OK:
            return
        expect_problem(response.status_code, response.headers, response.content, 503)
        detail = ProblemDetails.model_validate_json(response.content).detail
        expect(time.monotonic() < given_up_at, f"No model is ready: {detail}")
        await asyncio.sleep(POLL_SECONDS)


async def log_in(run: Run) -> Tokens:
    """Credentials give tokens."""
    credentials = {"email": run.wanted.email, "password": run.wanted.password}
    tokens = read(Tokens, await run.client.post("/v1/auth/login", json=credentials))
    run.token = tokens.access_token
    return tokens


async def refresh(run: Run, tokens: Tokens) -> None:
    """A refresh token gives the next pair, and the access token in use stays good."""
    answer = await run.client.post("/v1/auth/refresh", json={"refresh_token": tokens.refresh_token})
    following = read(Tokens, answer)
    expect(following.refresh_token != tokens.refresh_token, "The refresh token is not rotated.")
    for token in (tokens.access_token, following.access_token):
        answer = await run.client.get("/v1/courses?limit=1", headers=bearer(token))
        expect(answer.status_code == HTTPStatus.OK, f"After it an access token gets {answer.status_code}.")
    run.token = following.access_token


async def problem_details(run: Run) -> None:
    """What is wrong with a request is told as a Problem."""
    for method, path, allowed in (
        ("POST", "/v1/courses:generate", (400, 422)),
        ("GET", f"/v1/courses/{uuid4()}", (404,)),
        ("GET", f"/v1/{uuid4()}", (404,)),
    ):
        headers = {**bearer(run.token), "Content-Type": "application/json"}
        answer = await run.client.request(method, path, headers=headers, content="{}" if method == "POST" else None)
        expect_problem(answer.status_code, answer.headers, answer.content, *allowed)


async def generate(run: Run, key: str) -> Promise:
    """A kick-off promises a task and a course, and both are there at once."""
    headers = {**bearer(run.token), "Idempotency-Key": key, "Prefer": "respond-async"}
    answer = await run.client.post("/v1/courses:generate", headers=headers, json=WISH)
    promise = read(Promise, answer, 202)
    location = answer.headers.get("location", "")
    expect(location.endswith(f"/v1/tasks/{promise.task_id}"), f"Location is {location!r}, not the task's address.")
    answer = await run.client.get(f"/v1/courses/{promise.provisional_course_id}", headers=bearer(run.token))
    expect(answer.status_code == HTTPStatus.OK, f"The provisional course is {answer.status_code} after the kick-off.")
    return promise


async def idempotency(run: Run, key: str, promise: Promise) -> None:
    """The same key gives the same promise, and stands for nothing else."""
    for form in (key, f'"{key}"'):
        headers = {**bearer(run.token), "Idempotency-Key": form}
        answer = await run.client.post("/v1/courses:generate", headers=headers, json=WISH)
        expect(read(Promise, answer, 202) == promise, "The second request with the key got another task.")
        replayed = answer.headers.get("idempotency-replayed")
        expect(replayed == "true", f"Idempotency-Replayed is {replayed} on a repetition.")
    headers = {**bearer(run.token), "Idempotency-Key": key}
    answer = await run.client.post("/v1/courses:generate", headers=headers, json={**WISH, "topic": "black holes"})
    expect_problem(answer.status_code, answer.headers, answer.content, 422)


async def refused_tokens(run: Run, task_id: UUID) -> None:
    """A token that is forged, expired or rubbish opens nothing, neither over HTTP nor at the handshake."""
    for token in (forged_token(), "rubbish", *filter(None, [run.wanted.expired_token])):
        answer = await run.client.get(f"/v1/tasks/{task_id}", headers=bearer(token))
        expect_problem(answer.status_code, answer.headers, answer.content, 401)
        expect("www-authenticate" in answer.headers, "A 401 has no WWW-Authenticate.")
        await refused_handshake(run, task_id, bearer(token), 401)
    await refused_handshake(run, uuid4(), bearer(run.token), 404)


async def refused_handshake(run: Run, task_id: UUID, headers: Mapping[str, str], status: int) -> None:
    """The WebSocket's handshake is answered with a Problem."""
    try:
        async with dial(run, task_id, headers):
            raise Failed(f"The WebSocket opened where the handshake should be answered with {status}.")
    except InvalidStatus as refusal:
        answer = refusal.response
        expect_problem(answer.status_code, answer.headers, bytes(answer.body or b""), status)


def dial(run: Run, task_id: UUID, headers: Mapping[str, str], query: str = "") -> connect:
    """A WebSocket on a task, to be opened."""
    base = run.wanted.base
    return connect(
        f"ws{base.removeprefix('http')}/v1/ws/tasks/{task_id}{query}",
        additional_headers=headers,
        ssl=run.tls if base.startswith("https") else None,
        proxy=None if is_here(base) else True,
        open_timeout=REQUEST_SECONDS,
        close_timeout=REQUEST_SECONDS,
    )


async def watch(run: Run, task_id: UUID, headers: Mapping[str, str], query: str = "") -> tuple[list[str], int | None]:
    """Everything that the WebSocket says until it is closed, and the code that closed it."""
    heard = list[str]()
    async with asyncio.timeout(run.wanted.seconds), dial(run, task_id, headers, query) as connection:
        try:
            while True:
                heard.append(str(await connection.recv()))
        except ConnectionClosed:
            return heard, connection.close_code


def expect_done(changes: Sequence[Anonymous], code: int | None) -> None:
    """Check that what was told of a task is in order and ends well."""
    expect(changes, f"It was closed with {code} and no message.")
    expect(all(a.seq < b.seq for a, b in pairwise(changes)), "The seq does not rise from message to message.")
    expect(all(a.progress_pct <= b.progress_pct for a, b in pairwise(changes)), "The progress went down.")
    last = changes[-1]
    why = f" ({last.error_code}: {last.message})" if isinstance(last, Progress) and last.error_code else ""
    expect(last.state == "DONE", f"The last state is {last.state}{why}, not DONE.")
    expect(last.progress_pct == 100, f"A task that is DONE is at {last.progress_pct} %.")  # noqa: PLR2004 - percent
    expect(code == NORMAL_CLOSE, f"It was closed with {code}, not {NORMAL_CLOSE}.")


async def owner_socket(run: Run, promise: Promise) -> None:
    """The owner is told everything, and a client that reconnects hears the rest, without gap or repeat."""
    heard, code = await watch(run, promise.task_id, bearer(run.token))
    changes = [Progress.model_validate_json(text) for text in heard]
    expect_done(changes, code)
    expect(changes[-1].result_id == promise.provisional_course_id, "The resultId is not the provisional course.")
    seen = max(1, len(changes) // 2)
    rest, code = await watch(run, promise.task_id, bearer(run.token), f"?after={changes[seen - 1].seq}")
    expect(code == NORMAL_CLOSE, f"The second connection was closed with {code}, not {NORMAL_CLOSE}.")
    told = [Progress.model_validate_json(text) for text in rest]
    expect(told == changes[seen:], "With ?after= it does not tell exactly what came after.")


async def anonymous_socket(run: Run, task_id: UUID) -> None:
    """Without credentials the random id shows that something goes on, and not what."""
    if run.wanted.ws_require_auth:
        return await refused_handshake(run, task_id, {}, 401)
    heard, code = await watch(run, task_id, {})
    expect_done([Anonymous.model_validate_json(text, extra="forbid") for text in heard], code)
    return None


async def poll(run: Run, promise: Promise) -> None:
    """Polling tells the same, and `ETag` saves telling it twice."""
    path, percent, given_up_at = f"/v1/tasks/{promise.task_id}", 0, time.monotonic() + run.wanted.seconds
    while True:
        answer = await run.client.get(path, headers=bearer(run.token))
        task = read(Progress, answer)
        expect(task.progress_pct >= percent, f"The progress went down from {percent} to {task.progress_pct}.")
        if task.state in {"DONE", "ERROR"}:
            break
        percent = task.progress_pct
        expect(time.monotonic() < given_up_at, f"The task is still {task.state} at {percent} %.")
        await asyncio.sleep(POLL_SECONDS)
    expect_done([task], NORMAL_CLOSE)
    expect(task.result_id == promise.provisional_course_id, "The resultId is not the provisional course.")
    unchanged = {**bearer(run.token), "If-None-Match": answer.headers.get("etag", "")}
    answer = await run.client.get(path, headers=unchanged)
    expect(answer.status_code == HTTPStatus.NOT_MODIFIED, f"With its ETag it is {answer.status_code}, not 304.")


async def course_payload(run: Run, course_id: UUID) -> None:
    """The finished course is whole and normalized."""
    course = read(Course, await run.client.get(f"/v1/courses/{course_id}", headers=bearer(run.token)))
    expect(course.id == course_id, "Another course came back.")
    expect(
        [lesson.order for lesson in course.lessons] == [*range(1, len(course.lessons) + 1)], "Lessons are not 1, 2 …"
    )
    listed = [item for lesson in course.lessons for item in lesson.items]
    expect(listed == [item.id for item in course.items], "The lessons' items are not the course's items, in order.")
    for item in course.items:
        if item.type == "text":
            expect((item.content or "").strip(), f"The text {item.id} is empty.")
        if item.type in {"article", "video"}:
            expect(urlsplit(item.source_url or "").netloc, f"The {item.type} {item.id} has no address in sourceUrl.")
    for lesson in course.lessons:
        kinds = {item.type for item in course.items if item.id in lesson.items}
        expect({"text", "article"} <= kinds, f"Lesson {lesson.order} lacks a text or an article.")


async def feeds(run: Run) -> None:
    """The feed is a page with a cursor, and takes no other cursor."""
    read(Feed, await run.client.get("/v1/feeds?limit=5", headers=bearer(run.token)))
    answer = await run.client.get("/v1/feeds?cursor=rubbish", headers=bearer(run.token))
    expect_problem(answer.status_code, answer.headers, answer.content, 400)


async def learn(run: Run) -> None:
    """The way of a learner, check by check."""
    if not await check(run, "Health", health(run)):
        return
    await check(run, "Model health", model_health(run))
    tokens = await check(run, "Login", log_in(run))
    if tokens is None:
        return
    await check(run, "Refresh", refresh(run, tokens))
    await check(run, "ProblemDetails", problem_details(run))
    key = str(uuid4())
    promise = await check(run, "Generate", generate(run, key))
    if promise is not None:
        await check(run, "Idempotency", idempotency(run, key, promise))
        await check(run, "Expired and forged tokens", refused_tokens(run, promise.task_id))
        await asyncio.gather(
            check(run, "WebSocket progress", owner_socket(run, promise)),
            check(run, "WebSocket without credentials", anonymous_socket(run, promise.task_id)),
            check(run, "Poll fallback, Task DONE", poll(run, promise)),
        )
        await check(run, "Course payload normalized", course_payload(run, promise.provisional_course_id))
    await check(run, "Feeds", feeds(run))


def is_here(base: str) -> bool:
    """Whether the server is on this machine, where no proxy leads."""
    return (urlsplit(base).hostname or "") in {"localhost", "127.0.0.1", "::1"}


async def smoke(wanted: Wanted) -> int:
    """Run all checks and return the exit code."""
    began = time.monotonic()
    tls = ssl.create_default_context(cafile=wanted.ca)
    client = httpx2.AsyncClient(
        base_url=wanted.base, timeout=REQUEST_SECONDS, verify=tls, trust_env=not is_here(wanted.base)
    )
    async with client:
        run = Run(wanted, client, tls)
        await learn(run)
    failed = [name for name, passed in run.results.items() if not passed]
    after = f"after {time.monotonic() - began:.0f} s"
    if failed:
        print(f"\n❌ {len(failed)} of {len(run.results)} checks failed {after}: {', '.join(failed)}.")
        return 1
    print(f"\n✅ All {len(run.results)} checks passed {after}.")
    return 0


def address(text: str) -> str:
    """The base address without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as http://localhost:8000")
    return text.rstrip("/")


def wanted_from(words: Sequence[str] | None = None) -> Wanted:
    """What the command line asks for; ends the program if it cannot be understood."""
    parser = argparse.ArgumentParser(description="Check a running Lyo server from outside, from log-in to course.")
    parser.add_argument("--base", type=address, default="http://localhost:8000", help="address of the server")
    parser.add_argument("--email", default="demo@example.com", help="whom to log in as")
    parser.add_argument("--password", default="demo", help="their password")
    parser.add_argument("--seconds", type=float, default=300, help="how long the course may take")
    parser.add_argument("--expired-token", help="an access token of this server that has expired: must be refused")
    parser.add_argument("--ws-require-auth", action="store_true", help="the server has WS_REQUIRE_AUTH=true")
    parser.add_argument("--ca", metavar="FILE", help="trust this certificate authority (PEM) for https")
    return Wanted(**vars(parser.parse_args(words)))


def main() -> int:
    """Run from the command line."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:  # a terminal that knows no ✅ still gets the words
        reconfigure(errors="replace")
    wanted = wanted_from()
    try:
        return asyncio.run(smoke(wanted))
    except OSError as error:
        print(f"❌ {wanted.ca} cannot be read: {error.strerror or error}.")
        return 1
    except KeyboardInterrupt:
        print("\n❌ Stopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
