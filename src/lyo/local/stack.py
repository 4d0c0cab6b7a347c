"""Lyo on one machine: which children there are, what they need, and where they find each other."""

import asyncio
import re
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lyo.core.settings import Settings
from lyo.local import outside, postgres, valkey
from lyo.local.binaries import find_postgres, find_valkey
from lyo.local.children import Child, State, Status, Tell
from lyo.local.claim import claimed, secret, unusable
from lyo.local.errors import LocalError
from lyo.local.folders import log_tail, require_space, servers_folder, socket_folder
from lyo.local.postgres import Postgres
from lyo.local.process import inherited_env, private_folder, server_env, server_user
from lyo.local.supervisor import Pids, supervised
from lyo.local.valkey import Valkey

COMMAND = (sys.executable, "-P", "-m", "lyo.cli")
"""Our own command; `-P` keeps a file in the working folder from posing as a module."""
NEW_MEGABYTES, OLD_MEGABYTES = 600, 100
"""Free disk that a first and a later start need: PostgreSQL's own 40 MB, its log of up to 256 MB, and the library."""
LOOPBACK = "127.0.0.1"
READY_PATH = "/v1/health/ready"
HTTP_OK = 200
MIGRATE_SECONDS = 300.0
OUR_WARNINGS = re.compile(r"\[(warning|error|critical)\s*\]|\b(ERROR|CRITICAL)\b")
POSTGRES_WARNINGS = re.compile(r"PANIC:|No space left|could not (write|fsync)|invalid page")


@dataclass(frozen=True, slots=True)
class Options:
    """What `lyo up` was asked for. An address that is set is used instead of a server of our own.

    Port 0 means a free one. `command` is the command whose subcommands are the API, the worker and so on.
    `durable=False` is for tests alone: the database then does not wait for the disk.
    """

    data_dir: Path
    host: str = LOOPBACK
    port: int = 8000
    database_url: str | None = None
    redis_url: str | None = None
    model_url: str | None = None
    jwt_secret: str | None = None
    command: tuple[str, ...] = COMMAND
    durable: bool = True


@dataclass(frozen=True, slots=True)
class Stack:
    """Lyo, running. `pids` gives the present process id of each child by name: one that died gets a new one."""

    base_url: str
    data_dir: Path
    logs: Path
    database_url: str
    redis_url: str
    model_url: str
    pids: Pids


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is ours to run, and every address. A server that the settings name is None here."""

    options: Options
    logs: Path
    sockets: Path
    port: int
    postgres: Postgres | None
    valkey: Valkey | None
    model_port: int | None
    database_url: str
    redis_url: str
    model_url: str


def options_from(settings: Settings, *, host: str, port: int, data_dir: Path | None) -> Options:
    """The options that the settings and the command line give together."""
    return Options(
        data_dir=data_dir.expanduser().absolute() if data_dir else settings.data_dir,
        host=host,
        port=port,
        database_url=settings.database_url.get_secret_value() if settings.database_url else None,
        redis_url=settings.redis_url.get_secret_value() if settings.redis_url else None,
        model_url=settings.model_url,
        jwt_secret=settings.jwt_secret_key.get_secret_value() if settings.jwt_secret_key else None,
    )


@asynccontextmanager
async def running(options: Options, *, tell: Tell = lambda _: None) -> AsyncGenerator[Stack]:
    """Lyo, serving: API and worker are up and the database is migrated; the model may still be loading.

    Enter it from the main thread of the process. Everything ends with the block, in at most 10 s, and within seconds
    also when this process is killed. `tell` hears of each step. Raises `LocalError` with one sentence when it cannot
    start; nothing is left running then.
    """
    port = outside.check_port(options.host, options.port)
    with claimed(options.data_dir) as lock:
        try:
            plan = await asyncio.to_thread(_plan, options, port, tell)
            env = _environment(plan)
        except OSError as error:
            raise LocalError(unusable(options.data_dir, error)) from None
        children = [*_servers(plan), *_model(plan, env), *_ours(plan, env)]
        host = f"[{options.host}]" if ":" in options.host else options.host
        try:
            async with supervised(children, logs=plan.logs, lock=lock, tell=tell) as pids:
                yield Stack(
                    base_url=f"http://{host}:{port}",
                    data_dir=options.data_dir,
                    logs=plan.logs,
                    database_url=plan.database_url,
                    redis_url=plan.redis_url,
                    model_url=plan.model_url,
                    pids=pids,
                )
        finally:
            if plan.sockets.parent != options.data_dir:
                shutil.rmtree(plan.sockets, ignore_errors=True)


def _plan(options: Options, port: int, tell: Tell) -> _Plan:
    """Look at everything that can be wrong before anything is started."""
    user, data_dir = server_user(), options.data_dir
    if options.database_url:
        outside.check_database(options.database_url)
    if options.redis_url:
        outside.check_redis(options.redis_url)
    servers = servers_folder(data_dir, user)
    if servers != data_dir:
        tell(Status("postgres", State.NOTE, f"The database is in {servers}: its user cannot enter {data_dir}."))
    require_space(servers, OLD_MEGABYTES if (servers / "postgres" / "PG_VERSION").exists() else NEW_MEGABYTES)
    sockets = socket_folder(data_dir, user)
    database = (
        None
        if options.database_url
        else Postgres(find_postgres(user), user, servers / "postgres", sockets, durable=options.durable)
    )
    doorbell = None if options.redis_url else Valkey(find_valkey(user), user, sockets)
    model_port = None if options.model_url else outside.check_port(LOOPBACK, 0)
    return _Plan(
        options=options,
        logs=private_folder(data_dir / "logs", None),
        sockets=sockets,
        port=port,
        postgres=database,
        valkey=doorbell,
        model_port=model_port,
        database_url=database.url if database else options.database_url or "",
        redis_url=doorbell.url if doorbell else options.redis_url or "",
        model_url=options.model_url or f"http://{LOOPBACK}:{model_port}",
    )


def _environment(plan: _Plan) -> dict[str, str]:
    """What our own processes see: ours and the user's, with the addresses of what runs here."""
    env = inherited_env()
    if plan.postgres:  # libpq would take these for our own server too
        env = {name: value for name, value in env.items() if not name.startswith("PG")}
    if plan.valkey:
        env["CELERY_BROKER_URL"] = plan.valkey.url.replace("unix://", "redis+socket://")  # kombu's word for it
    return env | {
        "DATABASE_URL": plan.database_url,
        "REDIS_URL": plan.redis_url,
        "MODEL_URL": plan.model_url,
        "LYO_MODE": "local",
        "LYO_DATA_DIR": str(plan.options.data_dir),
        "JWT_SECRET_KEY": plan.options.jwt_secret or secret(plan.options.data_dir),
        "LOG_FORMAT": "console",
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _servers(plan: _Plan) -> list[Child]:
    children: list[Child] = []
    if (base := plan.postgres) is not None:
        children.append(
            Child(
                name="postgres",
                argv=base.argv,
                env=server_env(),
                cwd="/",
                user=base.user,
                before=lambda: postgres.prepare(base),
                ready=lambda: asyncio.to_thread(postgres.accepts, base),
                ready_seconds=postgres.START_SECONDS,
                stop_signal=signal.SIGINT,
                stop_seconds=2.5,
                retry_on=postgres.RETRY_ON,
                explain=lambda log: postgres.explain(base, log),
                shows=POSTGRES_WARNINGS,
            )
        )
    if (server := plan.valkey) is not None:
        children.append(
            Child(
                name="valkey",
                argv=server.argv,
                env=server_env(),
                cwd="/",
                user=server.user,
                before=lambda: valkey.prepare(server),
                ready=lambda: asyncio.to_thread(valkey.accepts, server),
                ready_seconds=valkey.START_SECONDS,
                stop_seconds=1.0,
                explain=valkey.explain,
            )
        )
    return children


def _model(plan: _Plan, env: dict[str, str]) -> list[Child]:
    if plan.model_port is None:
        return []
    return [
        Child(
            name="model",
            argv=(*plan.options.command, "model", "serve", "--host", LOOPBACK, "--port", str(plan.model_port)),
            env={name: value for name, value in env.items() if name != "MODEL_URL"},
            cwd=str(Path.cwd()),
            ready=_answers(LOOPBACK, plan.model_port, "/health"),
            needed=False,
            stop_seconds=1.0,
            shows=OUR_WARNINGS,
        )
    ]


def _ours(plan: _Plan, env: dict[str, str]) -> list[Child]:
    host, port, cwd = plan.options.host, plan.port, str(Path.cwd())
    servers = tuple(name for name, server in (("postgres", plan.postgres), ("valkey", plan.valkey)) if server)
    reached = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not bound to
    return [
        Child(
            name="migrate",
            argv=(*plan.options.command, "migrate"),
            env=env,
            cwd=cwd,
            after=servers,
            once=True,
            ready_seconds=MIGRATE_SECONDS,
            explain=_explain("lyo migrate", plan.logs / "migrate.log"),
            shows=OUR_WARNINGS,
        ),
        Child(
            name="worker",
            argv=(*plan.options.command, "worker"),
            env=env,
            cwd=cwd,
            after=("migrate",),
            ready=_listens(plan.valkey),
            explain=_explain("lyo worker", plan.logs / "worker.log"),
            shows=OUR_WARNINGS,
        ),
        Child(
            name="api",
            argv=(*plan.options.command, "api", "--host", host, "--port", str(port)),
            env=env,
            cwd=cwd,
            after=("migrate",),
            ready=_answers(reached, port, READY_PATH),
            explain=_explain("lyo api", plan.logs / "api.log"),
            shows=OUR_WARNINGS,
        ),
    ]


def _answers(host: str, port: int, path: str) -> Callable[[], Awaitable[bool]]:
    async def answers() -> bool:
        return await outside.http_status(host, port, path) == HTTP_OK

    return answers


def _listens(server: Valkey | None) -> Callable[[], Awaitable[bool]] | None:
    """Of a server that the settings name we do not ask who its clients are: other workers may be among them."""
    return None if server is None else lambda: asyncio.to_thread(valkey.has_listener, server)


def _explain(command: str, log: Path) -> Callable[[str], str]:
    return lambda words: f"`{command}` ended before it was ready; it says: {log_tail(words)} Its log is {log}."
