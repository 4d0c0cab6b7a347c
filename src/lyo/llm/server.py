"""The model server: `lyo model serve`. One address that always answers: the model's API, or 503 and the reason.

The process itself is small. It pulls and verifies the file, stands by on the port, and starts the engine (llama.cpp
in a child process) on the same port; it watches the file and the child, and starts over when either changes. So a
damaged file, too little memory or a crash of the engine is an answer to the client, and mending it needs no restart.
"""

import asyncio
import json
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeVar

from lyo.core.settings import Settings
from lyo.llm.engine import READY, EngineSpec
from lyo.llm.memory import available_memory, require_memory
from lyo.llm.standby import Reason, StandBy, bind
from lyo.llm.weights.errors import WeightsError
from lyo.llm.weights.gguf import read_header
from lyo.llm.weights.receipt import Fingerprint, fingerprint
from lyo.llm.weights.source import MountedSource
from lyo.llm.weights.store import Weights, locate, pull, verify

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

LOOK_SECONDS = 1.0
"""How often the file is looked at."""
RETRY_SECONDS = 30.0
"""After how long what failed is tried again though the file has not changed (a host that was down, memory)."""
MAX_RESTART_PAUSE_SECONDS = 30.0
LOADING = Reason("loading", "The model is being fetched, verified or loaded: ask again in a few seconds.")


class PortUnusable(Exception):
    """Somebody else has the port, or we may not have it. The message is one sentence."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A verified file, and how the engine shall serve it."""

    weights: Weights
    spec: EngineSpec


def serve(settings: Settings, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve the configured model until SIGTERM or SIGINT; raises `PortUnusable`.

    `announce` gets the address as soon as it answers (with 503, at first); port 0 takes any free one.
    """
    try:
        reserved = bind(host, port)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PortUnusable(f"Port {port} on {host} cannot be used ({reason}): choose another with --port.") from error
    with reserved:
        asyncio.run(_serve(settings, reserved, announce))


async def _serve(settings: Settings, reserved: socket.socket, announce: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    standby = StandBy(reserved, LOADING)
    await standby.open()
    host, port = reserved.getsockname()[:2]
    announce(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
    keeping = asyncio.create_task(_keep_serving(settings, standby, (host, port)))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({keeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    keeping.cancel()
    await asyncio.gather(keeping, stopping, return_exceptions=True)
    await standby.close()
    if keeping.done() and not keeping.cancelled() and (error := keeping.exception()):
        raise error


async def _keep_serving(settings: Settings, standby: StandBy, address: tuple[str, int]) -> None:
    crashes = 0
    while True:
        before = _current(settings)
        try:
            prepared = await _aside(lambda: prepare(settings, address))
        except WeightsError as error:
            _log.warning("%s", error.message)
            standby.reason = Reason(error.code, error.message)
            # Gigabytes that were wrong are still wrong until somebody writes to them.
            await _until_changed(settings, before, retry=error.code != "checksum_mismatch")
            continue
        standby.reason = LOADING
        crashed = await _run_engine(prepared, standby, settings)
        if crashed is None:
            crashes = 0
            continue
        crashes += 1
        _log.error("%s", crashed.message)
        standby.reason = crashed
        await asyncio.sleep(min(2.0**crashes / 4, MAX_RESTART_PAUSE_SECONDS))


def prepare(settings: Settings, address: tuple[str, int]) -> Prepared:
    """Have the file here, proven, checked and small enough; raises `WeightsError`.

    What is missing is pulled. What is here and wrong is refused: to replace it is for somebody who has looked.
    """
    place = locate(settings)
    if fingerprint(place.path) is None and not isinstance(place.source, MountedSource):
        weights = pull(settings, lambda _done, _total: None, _log.info)
    else:
        weights = verify(place, lambda _done, _total: None, trust_receipt=True)
    header = read_header(weights.path)
    cache = settings.model_slots * settings.model_context_tokens * header.cache_bytes_per_token
    require_memory(weights.fingerprint.size, cache, available_memory())
    host, port = address
    spec = EngineSpec(
        path=str(weights.path),
        name=weights.name,
        tags=[f"sha256:{weights.sha256}", "chat" if header.has_chat_template else "base"],
        host=host,
        port=port,
        slots=settings.model_slots,
        context_tokens=settings.model_context_tokens,
    )
    return Prepared(weights, spec)


async def _run_engine(prepared: Prepared, standby: StandBy, settings: Settings) -> Reason | None:
    """Serve until the file changes (None) or the engine ends by itself (why)."""
    engine = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lyo.llm.engine",
        json.dumps(asdict(prepared.spec)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    ended = asyncio.create_task(engine.wait())
    changed = asyncio.create_task(_until_changed(settings, prepared.weights.fingerprint, retry=False))
    try:
        if engine.stdout is None or (await engine.stdout.readline()).strip() != READY.encode():
            return Reason("engine_failed", f"The model's engine ended while loading (status {await ended}).")
        _log.info("The model %s is loaded.", prepared.spec.name)
        await standby.close()
        await asyncio.wait({ended, changed}, return_when=asyncio.FIRST_COMPLETED)
        return Reason("engine_failed", f"The model's engine ended (status {await ended}).") if ended.done() else None
    finally:
        await standby.open()
        if engine.returncode is None:
            engine.kill()
        changed.cancel()
        await asyncio.gather(ended, changed, return_exceptions=True)


async def _until_changed(settings: Settings, before: Fingerprint | None, *, retry: bool = True) -> None:
    """Wait until the model file is another one than `before`, or, with `retry`, for long enough to try again."""
    deadline = asyncio.get_running_loop().time() + RETRY_SECONDS
    while not retry or asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(LOOK_SECONDS)
        if _current(settings) != before:
            return


def _current(settings: Settings) -> Fingerprint | None:
    try:
        return fingerprint(locate(settings).path)
    except WeightsError:
        return None


async def _aside(work: Callable[[], _T]) -> _T:
    """Do blocking `work` in a thread that the end of the process does not wait for."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: BaseException | None) -> None:
        if outcome.done():
            return
        if error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(result)  # type: ignore[arg-type]  # no error, so there is a result

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as caught:  # noqa: BLE001  carried to the waiting task, not lost
            error = caught
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="lyo-model-prepare", daemon=True).start()
    return await outcome
