"""Schemathesis against a running API: `python -m support.fuzzing --seed 1 --examples 200`, or from a test."""

import argparse
import asyncio
import json
import secrets
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, STDOUT, create_subprocess_exec
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
from alembic import command

from lyo.core.schema import alembic_config
from lyo.local.process import inherited_env
from lyo.local.temporary import temporary_servers
from support.model_hosts import http, model_server
from support.settings import plain_settings

HOOKS = Path(__file__).parents[1] / "contract" / "fuzzing" / "hooks.py"
PASSWORD = "correct horse battery staple"
START_SECONDS = 30
LIMITS = {
    "MAX_RUNNING_COURSES_PER_USER": "10000",
    "MAX_QUEUED_COURSES": "1000000",
    "RATE_LOGIN_PER_ACCOUNT": "1000000/minute",
    "RATE_LOGIN_PER_ADDRESS": "1000000/minute",
    "RATE_PER_USER": "1000000/minute",
    "RATE_PER_ADDRESS": "1000000/minute",
    "RATE_POSTS_PER_USER": "1000000/minute",
    "RATE_COMMENTS_PER_USER": "1000000/minute",
    "RATE_REPORTS_PER_USER": "1000000/minute",
}
"""So high that nobody meets them here: they have tests of their own, and a 429 shows nothing of the route behind it."""


@asynccontextmanager
async def running_api(database_url: str, redis_url: str) -> AsyncGenerator[str]:
    """`lyo api` in its production mode on a migrated database, with a learner and a model server; gives its address."""
    port = _free_port()
    async with model_server(_nothing) as model_url:
        env = {
            **inherited_env(),
            **LIMITS,
            "LYO_MODE": "production",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "MODEL_URL": model_url,
            "JWT_SECRET_KEY": secrets.token_urlsafe(32),
            "LOG_LEVEL": "ERROR",
        }
        api = await create_subprocess_exec(sys.executable, "-m", "lyo.cli", "api", "--port", str(port), env=env)
        try:
            base_url = f"http://127.0.0.1:{port}"
            await _answering(base_url, api)
            yield base_url
        finally:
            if api.returncode is None:
                api.terminate()
            await api.wait()


async def fuzz(base_url: str, *, seed: int, examples: int, as_stranger: bool = False) -> tuple[int, str]:
    """Run all checks in all phases; gives Schemathesis' exit code and what it printed.

    A stranger knows the document and has one token, which dies when the fuzzing logs out. The other way knows how to
    log in again, and the two things that a document cannot say.
    """
    with tempfile.TemporaryDirectory() as folder:
        config, env, more = Path(folder) / "schemathesis.toml", inherited_env(), list[str]()
        async with httpx2.AsyncClient(base_url=base_url) as client:
            document = (await client.get("/openapi.json")).json()
            email = f"{uuid4().hex}@example.com"  # fuzzing deletes accounts and changes passwords
            tokens = await client.post("/v1/auth/register", json={"email": email, "password": PASSWORD})
        if as_stranger:
            config.write_text("")
            more = ["--checks", "all", "--header", f"Authorization: Bearer {tokens.json()['access_token']}"]
        else:
            config.write_text(exceptions(document))
            env |= {"SCHEMATHESIS_HOOKS": str(HOOKS), "FUZZ_URL": base_url}
            env |= {"FUZZ_EMAIL": email, "FUZZ_PASSWORD": PASSWORD}
        # fmt: off
        process = await create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config),
            "run", f"{base_url}/openapi.json", "--phases", "examples,coverage,fuzzing,stateful", "--seed", str(seed),
            "--max-examples", str(examples), "--continue-on-failure", "--request-timeout", "60", "--no-color",
            "--generation-database", "none", *more,
            env=env, cwd=folder, stdout=PIPE, stderr=STDOUT,
        )
        # fmt: on
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


def exceptions(document: dict[str, Any]) -> str:
    """The settings for what is right here and a document cannot say. All checks are on but for these.

    A cursor is signed, so that no schema tells one of ours from any other text, which is 400. Cancelling a task
    does not delete it: it can be read to the end how it went. A text whose Markdown leaves nothing to read, or that has
    a word in it which is refused, is 422.
    """
    paged = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
        if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ()))
    ]
    allowed = ["2xx", "400", "401", "403", "404", "409", "429"]
    return (
        f"[[operations]]\ninclude-operation-id = {json.dumps(paged)}\n"
        f"checks.positive_data_acceptance.expected-statuses = {json.dumps(allowed)}\n"
        f"[[operations]]\ninclude-operation-id = {json.dumps(['createPost', 'createComment'])}\n"
        f"checks.positive_data_acceptance.expected-statuses = {json.dumps([*allowed, '422'])}\n"
        '[[operations]]\ninclude-operation-id = "getTask"\nchecks.use_after_free.enabled = false\n'
    )


async def _nothing(path: str, body: dict[str, object]) -> AsyncIterator[bytes]:
    """No worker runs, so nobody asks the model for words."""
    yield http(b"{}", "404 Not Found")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


async def _answering(base_url: str, api: asyncio.subprocess.Process) -> None:
    async with httpx2.AsyncClient(base_url=base_url) as client, asyncio.timeout(START_SECONDS):
        while True:
            assert api.returncode is None, "the API has ended"
            try:
                if (await client.get("/v1/health/ready")).status_code == 200:
                    return
            except httpx2.TransportError:
                await asyncio.sleep(0.05)


async def _main(seed: int, examples: int) -> int:
    worst = 0
    with temporary_servers() as servers:
        settings = plain_settings(database_url=servers.database_url, redis_url=servers.redis_url)
        command.upgrade(alembic_config(settings.require_database_url()), "head")
        for as_stranger in (False, True):
            async with running_api(servers.database_url, servers.redis_url) as base_url:
                code, output = await fuzz(base_url, seed=seed, examples=examples, as_stranger=as_stranger)
            print(output)  # noqa: T201 - a program
            worst = max(worst, code)
    return worst


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Fuzz the API with Schemathesis.")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="Of all that is drawn.")
    parser.add_argument("--examples", type=int, default=200, help="For each operation and phase.")
    chosen = parser.parse_args()
    sys.exit(asyncio.run(_main(chosen.seed, chosen.examples)))
