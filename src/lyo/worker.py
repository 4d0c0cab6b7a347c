"""The worker: Celery takes messages from the broker, one event loop does the work.

A course waits for a model or a database nearly all of its time, so one process with one loop makes several at once;
Celery's thread pool only bounds how many. On the same loop run the dispatcher (outbox to broker) and the sweeper,
which therefore depend neither on a free thread nor on the broker. This is the only file that imports celery.
"""

import asyncio
import os
import platform
import signal
import threading
import warnings
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

import structlog
from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import setup_logging, worker_shutting_down

from lyo.accounts.jobs import forget_for_ever, revoke_apple_tokens
from lyo.core.bus import Bus
from lyo.core.db import make_engine, make_sessions
from lyo.core.jobs import Delivery
from lyo.core.modelserver import ModelHealth, health
from lyo.core.settings import Settings, SettingsError
from lyo.courses import jobs as courses
from lyo.courses.jobs import Workshop
from lyo.gamification.leaderboard.jobs import fold_for_ever, forget_weeks_for_ever
from lyo.llm.client import ServedModel
from lyo.rounds import Send, dispatch, sweep
from lyo.sources.shelf import open_shelf

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Handler = Callable[[Workshop, UUID], Coroutine[Any, Any, None]]

HANDLERS: Final[dict[str, Handler]] = {**courses.HANDLERS}
QUEUE: Final = "lyo"
BROKER_SECONDS: Final = 5.0
"""For one operation on the broker. Without it a broker that hangs blocks whoever talks to it for as long as it does."""
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 8.0


def create_celery(settings: Settings) -> Celery:
    """The Celery app: a plain carrier of (job, subject). State, results and retries live in PostgreSQL."""
    app = Celery("lyo", broker=settings.require_broker_url())
    app.conf.update(
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_acks_late=False,  # what a crash loses, the lease recovers
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "socket_timeout": BROKER_SECONDS,
            "socket_connect_timeout": BROKER_SECONDS,
            "socket_keepalive": True,
            "health_check_interval": 5,
        },
    )
    return app


@asynccontextmanager
async def open_workshop(settings: Settings) -> AsyncGenerator[Workshop]:
    """What jobs work with: database, bus, model and sources, opened once for the process."""
    model_url = settings.model_url
    if model_url is None:
        raise SettingsError("MODEL_URL is not set: set it, or start everything with `lyo up`.")

    async def model_health() -> ModelHealth:
        return await health(model_url)

    engine = make_engine(
        settings.require_database_url(), application_name="lyo-worker", pool_size=settings.database_pool_size
    )
    sessions, bus = make_sessions(engine), Bus(settings.require_redis_url())
    try:
        async with ServedModel(model_url) as model, open_shelf(settings, sessions) as shelf:
            yield Workshop(
                sessions=sessions,
                bus=bus,
                model=model,
                model_health=model_health,
                shelf=shelf,
                name=f"{platform.node()}:{os.getpid()}",
                max_tokens=settings.course_max_tokens,
            )
    finally:
        await bus.aclose()
        await engine.dispose()


class Engine:
    """The event loop in a thread of its own, with everything that runs on it.

    Celery's threads hand it jobs and wait; its signal handlers only tell it to stop.
    """

    def __init__(self, settings: Settings, send: Send) -> None:
        self._settings = settings
        self._send = send
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._shop: Workshop | None = None
        self._thread = threading.Thread(target=self._run, name="lyo-loop", daemon=True)

    def start(self) -> None:
        """Open everything; raises what went wrong."""
        self._thread.start()
        if not self._started.wait(START_SECONDS):
            raise TimeoutError(f"The worker could not be opened within {START_SECONDS:.0f} s.")
        if self._failure is not None:
            raise self._failure

    @property
    def is_broken(self) -> bool:
        """Whether it has ended by a fault of its own."""
        return self._failure is not None

    def perform(self, job: str, subject_id: UUID) -> None:
        """Do a job and wait for its end. For Celery's threads."""
        asyncio.run_coroutine_threadsafe(self._perform(job, subject_id), self._loop).result()

    def ask_to_stop(self) -> None:
        """Give all tasks back and stop; returns at once. May be called from a signal handler."""
        with suppress(RuntimeError):  # it has stopped already
            self._loop.call_soon_threadsafe(self._stopping.set)

    def stop(self) -> None:
        """Stop, and wait for it."""
        if self._thread.is_alive():
            self.ask_to_stop()
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except Exception as error:
            self._failure = error
            if self._started.is_set():  # else it is raised by `start`
                log.exception("worker.broken")
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()
            if self._started.is_set() and not self._stopping.is_set():
                # Celery must not go on taking messages that nobody works on.
                os.kill(os.getpid(), signal.SIGTERM)
            self._started.set()

    async def _serve(self) -> None:
        async with open_workshop(self._settings) as shop:
            self._shop = shop
            rounds = (
                dispatch(shop, self._send),
                sweep(shop),
                revoke_apple_tokens(self._settings, shop.sessions, shop.bus),
                forget_for_ever(shop.sessions, shop.bus),
                fold_for_ever(shop.sessions, shop.bus),
                forget_weeks_for_ever(shop.sessions, shop.bus),
            )
            keeping = [asyncio.create_task(work) for work in rounds]
            stopping = asyncio.create_task(self._stopping.wait())
            self._started.set()
            try:
                done, _ = await asyncio.wait([*keeping, stopping], return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _cancel(*keeping, stopping, *self._jobs)
        for task in done & set(keeping):  # they never end by themselves
            task.result()

    async def _perform(self, job: str, subject_id: UUID) -> None:
        assert self._shop is not None
        if self._stopping.is_set():  # the message is lost, the sweeper is not
            return
        task = asyncio.ensure_future(HANDLERS[job](self._shop, subject_id))
        self._jobs.add(task)
        try:
            # Not awaited directly: a job that is given back at shutdown is no error of the message.
            await asyncio.wait([task])
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("job.failed", job=job, subject_id=str(subject_id), exc_info=error)
        finally:
            self._jobs.discard(task)


async def _cancel(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def run_worker(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT; returns the exit code."""
    # Celery warns root of pickled messages; ours are JSON and nothing else is accepted.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    celery = create_celery(settings)

    def send(delivery: Delivery) -> None:
        celery.send_task(delivery.job, kwargs=delivery.args, queue=QUEUE, retry=False)

    engine = Engine(settings, send)
    for job in HANDLERS:
        _register(celery, engine, job)

    @setup_logging.connect(weak=False)  # ours is set up already
    def _keep_logs(**_: object) -> None: ...

    @worker_shutting_down.connect(weak=False)
    def _stop(**_: object) -> None:
        engine.ask_to_stop()

    engine.start()
    log.info("worker.ready", concurrency=settings.worker_concurrency)
    try:
        worker = celery.Worker(
            pool="threads",
            concurrency=settings.worker_concurrency,
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel=settings.log_level,
        )
        worker.start()
    finally:
        engine.stop()
    return 1 if engine.is_broken else int(worker.exitcode or 0)


def _register(celery: Celery, engine: Engine, job: str) -> None:
    def perform(subject_id: str) -> None:
        engine.perform(job, UUID(subject_id))

    celery.task(name=job, ignore_result=True)(perform)
