"""The smoke test as people run it: its command line, against the real API, right and with one thing spoilt."""

import asyncio
import ipaddress
import sys
from collections.abc import AsyncGenerator, Callable, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support.api import PASSWORD, Api, serving
from support.playing import playing
from support.spoiling import Answer, Spoil, spoiling

from lyo.accounts.tokens import TokenKey, issue_access_token
from lyo.core.clock import now
from lyo.core.settings import Settings
from lyo.local.process import inherited_env

pytestmark = pytest.mark.anyio

SMOKE_TEST = Path(__file__).parents[1] / "smoke_test.py"
CHECKS = [
    "Health",
    "Model health",
    "Login",
    "Refresh",
    "ProblemDetails",
    "Generate",
    "Idempotency",
    "Expired and forged tokens",
    "WebSocket progress",
    "WebSocket without credentials",
    "Poll fallback, Task DONE",
    "Course payload normalized",
    "Feeds",
]


@asynccontextmanager
async def model_server() -> AsyncGenerator[str]:
    """What the health probe asks of a model server, answered."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"data": [{"id": "gemma-3-270m", "tags": ["base"]}]}'
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def whole(
    settings: Settings, *spoils: Spoil, tls: tuple[Path, Path] | None = None, **changes: object
) -> AsyncGenerator[tuple[Api, str]]:
    """The API with a model server to show, and a worker that is played and begins when two sockets watch."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(model_server())
        changed = settings.model_copy(update={"model_url": url, **changes})
        api = await stack.enter_async_context(serving(changed))
        front = await stack.enter_async_context(spoiling(api.app, *spoils, tls=tls))
        await stack.enter_async_context(playing(api, ready=lambda: front.opened > 1))
        yield api, front.base_url


async def smoke(base: str, email: str, *words: str) -> tuple[int, str]:
    """Run the smoke test to its end; returns its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SMOKE_TEST), "--base", base, "--email", email, "--password", PASSWORD, *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=inherited_env(),
    )
    try:
        printed, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return process.returncode, printed.decode()


def failed(printed: str) -> set[str]:
    """The names of the checks with a ❌ of their own."""
    lines = printed.partition("\n\n")[0].splitlines()
    assert "Traceback" not in printed
    return {line.removeprefix("❌ ").partition(":")[0] for line in lines if line.startswith("❌ ")}


async def test_every_check_passes_on_the_real_api(settings: Settings) -> None:
    async with whole(settings) as (api, base):
        user_id, email = await api.make_user()
        key = TokenKey.of(settings)
        past = TokenKey(secret=key.secret, algorithm=key.algorithm, lifetime=timedelta(hours=-1))
        expired = issue_access_token(past, user_id=user_id, login_id=uuid4())
        code, printed = await smoke(base, email, "--expired-token", expired)
    assert code == 0, printed
    passed = {line.removeprefix("✅ ") for line in printed.partition("\n\n")[0].splitlines()}
    assert passed == set(CHECKS), printed
    assert f"✅ All {len(CHECKS)} checks passed" in printed


async def test_a_token_that_is_good_is_no_expired_one(settings: Settings) -> None:
    async with whole(settings) as (api, base):
        learner = await api.new_learner()
        await learner.client.aclose()
        code, printed = await smoke(base, learner.email, "--expired-token", learner.access_token)
    assert (code, failed(printed)) == (1, {"Expired and forged tokens"}), printed


async def test_with_ws_require_auth_the_anonymous_view_must_be_off(settings: Settings) -> None:
    async with whole(settings, ws_require_auth=True) as (api, base):
        _, email = await api.make_user()
        code, printed = await smoke(base, email, "--ws-require-auth")
        assert code == 0, printed
        code, printed = await smoke(base, email)
        assert (code, failed(printed)) == (1, {"WebSocket without credentials"}), printed


async def test_over_https(settings: Settings, tmp_path: Path) -> None:
    certificate = own_certificate(tmp_path)
    async with whole(settings, tls=certificate) as (api, base):
        _, email = await api.make_user()
        code, printed = await smoke(base, email, "--ca", str(certificate[0]))
        assert code == 0, printed
        code, printed = await smoke(base, email)  # nobody vouches for it
        assert (code, failed(printed)) == (1, {"Health"}), printed


async def test_no_server_is_one_clear_line() -> None:
    code, printed = await smoke("http://127.0.0.1:1", "nobody@example.com")
    assert (code, failed(printed)) == (1, {"Health"})
    assert len(printed.splitlines()) == 3, printed


@pytest.mark.parametrize("base", ["localhost:8000", "ftp://localhost", "http://"])
async def test_a_base_that_is_none_is_refused(base: str) -> None:
    code, printed = await smoke(base, "nobody@example.com")
    assert code == 2
    assert "is no address" in printed


async def test_a_wrong_password_ends_it(settings: Settings) -> None:
    async with whole(settings) as (_, base):
        code, printed = await smoke(base, "nobody@example.com")
    assert (code, failed(printed)) == (1, {"Login"}), printed


async def test_a_course_that_is_never_made_is_told_in_time(settings: Settings) -> None:
    async with model_server() as url, serving(settings.model_copy(update={"model_url": url})) as api:
        _, email = await api.make_user()
        code, printed = await smoke(api.base_url, email, "--seconds", "1")
    missing = {"WebSocket progress", "WebSocket without credentials", "Poll fallback, Task DONE"}
    assert (code, failed(printed)) == (1, missing | {"Course payload normalized"}), printed


def own_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody else vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(hours=1))
        .not_valid_after(now() + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret


def on(code: int, change: Callable[[Answer], None], becomes: int | None = None) -> Callable[[Answer], None]:
    """Change answers of one status alone."""

    def changed(answer: Answer) -> None:
        if answer.status == code:
            change(answer)
            answer.status = becomes or code

    return changed


def nothing(_: Answer) -> None:
    """Change nothing but the status."""


def without(key: str) -> Callable[[Answer], None]:
    return lambda answer: answer.body.pop(key)


def body(key: str, value: object) -> Callable[[Answer], None]:
    return lambda answer: answer.body.update({key: value})


def header(name: str, value: str | None = None) -> Callable[[Answer], None]:
    """Another header; none without a value."""

    def change(answer: Answer) -> None:
        answer.headers.pop(name, None)
        answer.headers.update({name: value} if value else {})

    return change


def repeated(change: Callable[[Answer], None]) -> Callable[[Answer], None]:
    """Change the answers to repetitions of a kick-off alone."""
    return lambda answer: change(answer) if "idempotency-replayed" in answer.headers else None


def item(position: int, key: str, value: object = ...) -> Callable[[Answer], None]:
    """A finished course has another value in one of its items; without a value the key is missing."""

    def change(answer: Answer) -> None:
        if answer.body["status"] == "completed":
            answer.body["items"][position][key] = value
            if value is ...:
                del answer.body["items"][position][key]

    return on(200, change)


def owner(key: str, value: object, *, state: str) -> Callable[[dict[str, Any]], None]:
    """The owner is told another value in a state."""

    def change(message: dict[str, Any]) -> None:
        if message["state"] == state and "message" in message:
            message[key] = value

    return change


def nobody(scope: MutableMapping[str, Any]) -> None:
    """Lose the credentials."""
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"authorization"]


def no_query(scope: MutableMapping[str, Any]) -> None:
    scope["query_string"] = b""


KICK_OFF = "/v1/courses:generate"
SOCKET = "/v1/ws/tasks/"
POLL = "/v1/tasks/"
COURSE = "/v1/courses/"
TOKENS = "Expired and forged tokens"
WATCHED = "WebSocket progress"
UNNAMED = "WebSocket without credentials"
POLLED = "Poll fallback, Task DONE"
PAYLOAD = "Course payload normalized"
SPOILT = {
    "not ready": ("Health", Spoil("/health/ready", answer=on(200, nothing, 503))),
    "model broken": ("Model health", Spoil("/health/model", answer=on(200, nothing, 500))),
    "no refresh token": ("Login", Spoil("/auth/login", answer=without("refresh_token"))),
    "not refreshed": ("Refresh", Spoil("/auth/refresh", answer=on(200, nothing, 401))),
    "plain JSON": ("ProblemDetails", Spoil(COURSE, answer=on(404, header("content-type", "application/json")))),
    "two statuses": ("ProblemDetails", Spoil(COURSE, answer=on(404, body("status", 400)))),
    "no detail": ("ProblemDetails", Spoil(KICK_OFF, answer=on(400, without("detail")))),
    "200 for 202": ("Generate", Spoil(KICK_OFF, answer=on(202, nothing, 200))),
    "no location": ("Generate", Spoil(KICK_OFF, answer=on(202, header("location")))),
    "no task id": ("Generate", Spoil(KICK_OFF, answer=on(202, without("task_id")))),
    "no course yet": ("Generate", Spoil(COURSE, answer=on(200, nothing, 404))),
    "another task": ("Idempotency", Spoil(KICK_OFF, answer=repeated(body("task_id", str(uuid4()))))),
    "unmarked": ("Idempotency", Spoil(KICK_OFF, answer=repeated(header("idempotency-replayed")))),
    "key for anything": ("Idempotency", Spoil(KICK_OFF, answer=on(422, nothing, 202))),
    "open door": (TOKENS, Spoil(SOCKET, request=nobody)),
    "no challenge": (TOKENS, Spoil(POLL, answer=on(401, header("www-authenticate")))),
    "backwards": (WATCHED, Spoil(SOCKET, message=owner("progressPct", 99, state="PENDING"))),
    "not whole": (WATCHED, Spoil(SOCKET, message=owner("progressPct", 96, state="DONE"))),
    "standing still": (WATCHED, Spoil(SOCKET, message=owner("seq", 7, state="RUNNING"))),
    "ended badly": (WATCHED, Spoil(SOCKET, message=owner("state", "ERROR", state="DONE"))),
    "no result": (WATCHED, Spoil(SOCKET, message=owner("resultId", None, state="DONE"))),
    "no resumption": (WATCHED, Spoil(SOCKET, request=no_query)),
    "talkative": (UNNAMED, Spoil(SOCKET, message=lambda message: message.setdefault("message", "secret"))),
    "poll without result": (POLLED, Spoil(POLL, answer=on(200, body("resultId", None)))),
    "poll without message": (POLLED, Spoil(POLL, answer=on(200, without("message")))),
    "no ETag": (POLLED, Spoil(POLL, answer=on(200, header("etag")))),
    "no sourceUrl": (PAYLOAD, Spoil(COURSE, answer=item(0, "sourceUrl"))),
    "no title": (PAYLOAD, Spoil(COURSE, answer=item(3, "title", ""))),
    "empty text": (PAYLOAD, Spoil(COURSE, answer=item(0, "content", " "))),
    "strange type": (PAYLOAD, Spoil(COURSE, answer=item(0, "type", "song"))),
    "only articles": (PAYLOAD, Spoil(COURSE, answer=item(0, "type", "quiz"))),
    "from nowhere": (PAYLOAD, Spoil(COURSE, answer=item(1, "sourceUrl", None))),
    "strange item": (PAYLOAD, Spoil(COURSE, answer=item(1, "id", str(uuid4())))),
    "no items": (PAYLOAD, Spoil(COURSE, answer=on(200, body("items", [])))),
    "no cursor": ("Feeds", Spoil("/v1/feeds", answer=on(200, without("nextCursor")))),
    "any cursor": ("Feeds", Spoil("/v1/feeds", request=no_query)),
}
ALONE = {what for what, (name, _) in SPOILT.items() if name in {"Health", "Login", "Generate"}} | {"open door"}
"""What ends the run early, or spoils more than it says: each gets a run of its own."""


def rounds() -> list[list[str]]:
    """What is spoilt together: in each round one thing for each check, so that every ❌ has one cause."""
    columns: dict[str, list[str]] = {}
    for what, (name, _) in SPOILT.items():
        if what not in ALONE:
            columns.setdefault(name, []).append(what)
    together = zip_longest(*columns.values())
    return [[what] for what in sorted(ALONE)] + [[what for what in one if what is not None] for one in together]


@pytest.mark.parametrize("what", rounds(), ids=", ".join)
async def test_each_check_fails_when_that_is_wrong(settings: Settings, what: list[str]) -> None:
    async with whole(settings, *(SPOILT[one][1] for one in what)) as (api, base):
        _, email = await api.make_user()
        code, printed = await smoke(base, email, "--seconds", "20")
    also = {WATCHED} if what == ["open door"] else set[str]()
    expected = also | {SPOILT[one][0] for one in what}
    assert (code, failed(printed)) == (1, expected), printed


async def test_a_socket_that_is_not_closed_properly(settings: Settings) -> None:
    async with whole(settings, Spoil(SOCKET, close=1011)) as (api, base):
        _, email = await api.make_user()
        code, printed = await smoke(base, email)
    assert (code, failed(printed)) == (1, {WATCHED, UNNAMED}), printed
