"""`/v1/health`: is the process alive, can it serve, is the model there. Public, and cheap enough for probes."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, Final, Literal, TypeVar

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import Field
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lyo.core.errors import Unavailable
from lyo.core.modelserver import ModelHealth, health
from lyo.core.schema import expected_revision
from lyo.web.deps import Resources, ResourcesDep
from lyo.web.problems import problem_response, problems
from lyo.web.schemas import OPTIONAL, CamelModel

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

router = APIRouter(prefix="/health", tags=["Health"])

PROBE_SECONDS = 3.0

T = TypeVar("T")


class DatabaseUnavailable(Unavailable):
    """Something that every request needs does not answer."""

    slug = "not-ready"
    title = "Not ready"


class ModelNotReady(Unavailable):
    """No model can write now. Everything else works."""

    slug = "model-unavailable"
    title = "Model unavailable"
    default_detail = "The language model is not ready."


class Alive(CamelModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(CamelModel):
    """Everything that requests need is there."""

    status: Literal["ok"] = "ok"
    database: Literal["ok"] = "ok"
    redis: Literal["ok"] = "ok"
    migrations: Annotated[str, Field(description="The revision of the schema.", examples=["0002"])]


class ModelReady(CamelModel):
    """The model that writes the courses."""

    status: Literal["ok"] = "ok"
    model: Annotated[str, Field(examples=["gemma-3-270m-q4_k_m"])]
    loaded: bool
    checksum_verified: Annotated[
        bool | None, OPTIONAL, Field(description="Absent where the model is served by somebody else, who vouches.")
    ] = None
    sha256: Annotated[
        str | None,
        OPTIONAL,
        Field(description="Digest of the model's file.", examples=["e3b0c44298fc1c149afbf4c8996fb924" * 2]),
    ] = None


@router.get("/live")
async def check_alive() -> Alive:
    """Is the process alive?

    Touches nothing else: restart the process when this does not answer.
    """
    return Alive()


@router.get("/ready", response_model=Ready, responses=problems(DatabaseUnavailable))
async def check_ready(request: Request, held: ResourcesDep) -> Ready | Response:
    """Can it serve?

    Checks the database, Redis, and that the schema is the one that this version was written for. Otherwise 503, and
    the detail names what is missing.
    """
    failures = await _together(request.app, "readiness", lambda: _failures(held))
    if failures:
        return problem_response(DatabaseUnavailable(f"Not ready: {'; '.join(failures)}."), request)
    return Ready(migrations=expected_revision())


@router.get("/model", response_model=ModelReady, responses=problems(ModelNotReady))
async def check_model(request: Request, held: ResourcesDep) -> ModelReady | Response:
    """Is the model there?

    Says which model writes the courses, whether its file was verified against its checksum, and whether it is
    loaded. Otherwise 503, and the detail says why; the rest of the API works all the same.
    """
    url = held.settings.model_url
    unset = ModelHealth(ok=False, code="not_set", reason="MODEL_URL is not set.")
    found = await _together(request.app, "model_health", lambda: health(url)) if url else unset
    if not found.ok:
        # The reason in full is for the log: it may be somebody else's words, or name an address.
        log.warning("health.model", code=found.code, reason=found.reason)
        return problem_response(ModelNotReady(_MODEL_SENTENCES.get(found.code or "")), request)
    return ModelReady(
        model=found.model or "unknown",
        loaded=found.loaded,
        checksum_verified=found.verified,
        sha256=found.sha256,
    )


_MODEL_SENTENCES: Final = {
    "bad_source": "MODEL_SOURCE has no form that is known.",
    "checksum_mismatch": "The model's file does not match its checksum, so it is not loaded.",
    "checksum_missing": "The model has no checksum to be verified against, so it is not loaded.",
    "download_failed": "The model could not be downloaded; it is tried again.",
    "engine_failed": "The model's process has failed and is started again.",
    "file_unusable": "The model's file cannot be read, or is no model.",
    "folder_unusable": "The folder of the models cannot be used.",
    "loading": "The model is being loaded.",
    "model_missing": "There is no model file.",
    "not_enough_disk": "There is not enough disk for the model.",
    "not_enough_memory": "There is not enough memory for the model.",
    "not_set": "No model server is configured.",
    "package_missing": "The package that carries the model is not installed.",
    "unreachable": "The model server does not answer.",
}
"""What may be said in public, by the code of the model server."""


class _WrongRevision(Exception):
    """The schema is not the one that this version was written for."""


async def _together(app: FastAPI, name: str, check: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The outcome of `check`, of which one is under way at a time: many who ask cost no more than one."""
    running: asyncio.Task[T] | None = getattr(app.state, name, None)
    if running is None or running.done():
        running = asyncio.create_task(check())
        setattr(app.state, name, running)
    return await asyncio.shield(running)


async def _failures(held: Resources) -> list[str]:
    database, redis = await asyncio.gather(_missing(_revision(held)), _missing(held.bus.ping()))
    return [f"{name} {why}" for name, why in (("database:", database), ("redis:", redis)) if why]


async def _missing(check: Awaitable[object]) -> str | None:
    checking = asyncio.ensure_future(check)
    await asyncio.wait({checking}, timeout=PROBE_SECONDS)
    if not checking.done():
        _leave(checking)
        log.warning("health.missing", error="TimeoutError")
        return "does not answer"
    try:
        checking.result()
    except _WrongRevision as error:
        return str(error)
    except (SQLAlchemyError, RedisError, OSError) as error:
        log.warning("health.missing", error=type(error).__name__)
        return "does not answer"
    return None


def _leave(checking: asyncio.Future[object]) -> None:
    """End a check without waiting for it: of a database that is frozen the driver takes its leave for ten seconds."""
    checking.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    checking.cancel()


async def _revision(held: Resources) -> None:
    async with held.sessions() as session:
        exists = await session.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
        found = await session.scalar(text("SELECT version_num FROM alembic_version")) if exists else None
    if found != expected_revision():
        raise _WrongRevision(f"schema is at {found or 'nothing'}, not {expected_revision()}; run `lyo migrate`")
