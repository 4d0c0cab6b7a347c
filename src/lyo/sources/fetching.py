"""One careful GET for all sources: fixed hosts, no redirects, bounded in bytes and seconds, a breaker for each host.

The address is always a setting's base followed by a path of ours, so nothing that a learner writes or a host answers
decides whom Lyo asks. No error and no log line has the address in it: it may hold a key.
"""

import asyncio
import re
import socket
import threading
import time
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from lyo.core.clock import now
from lyo.sources.breaker import Gate, Pauses, through
from lyo.sources.protocol import SourceUnavailable

MOST_BYTES: Final = 2 << 20
_BUSY: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_SECONDS = re.compile(r"[0-9]{1,9}")
OK: Final = frozenset({HTTPStatus.OK})
PAUSES: Final = Pauses()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take, in seconds."""

    connect: float = 3.0
    """To find the host and to connect. A host across the world takes 0.5 s; one that takes more is not there."""
    silence: float = 6.0
    """Between two pieces of an answer, and before the first."""
    whole: float = 10.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer with one of the statuses that were asked for."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Asks hosts, and remembers which of them are not to be asked. One for each process; see `open_fetcher`."""

    client: httpx2.AsyncClient
    patience: Patience
    pauses: Pauses
    gates: dict[str, Gate] = field(default_factory=dict[str, Gate])

    def gate(self, base: str) -> Gate:
        """The gate of the host of `base`."""
        return self.gates.setdefault(_origin(base), Gate(self.pauses))

    async def get(
        self,
        base: str,
        path: str,
        params: Mapping[str, str],
        *,
        headers: Mapping[str, str] | None = None,
        statuses: Collection[int] = OK,
    ) -> Fetched:
        """The answer of `base` + `path` + `params`; raises `SourceUnavailable` for everything else than an answer.

        Any status not in `statuses` is no answer. The body is whatever was sent; at most `MOST_BYTES`, not compressed.
        """
        who, gate = host_of(base), self.gate(base)
        async with through(gate) as is_trial:
            began = time.monotonic()
            try:
                async with asyncio.timeout(self.patience.whole):
                    if is_trial:
                        await _find(base, self.patience.connect)
                    fetched = await self._ask(base.rstrip("/") + path, params, headers or {}, statuses, who, gate)
            except (TimeoutError, httpx2.TimeoutException):
                gate.fail(f"{who} does not answer in time: check the network.")
            except (httpx2.ConnectError, OSError):
                gate.fail(f"{who} cannot be reached: check the network.")
            except (httpx2.HTTPError, httpx2.InvalidURL):
                gate.fault(f"{who} broke off its answer, or does not speak HTTP.")
                raise SourceUnavailable(f"{who} broke off its answer, or does not speak HTTP.") from None
            except asyncio.CancelledError:
                if time.monotonic() - began >= self.patience.connect:  # whoever asked lost patience with the host
                    gate.fail(f"{who} does not answer in time: check the network.")
                raise
            else:
                gate.succeed()
                return fetched
        raise SourceUnavailable(gate.why)

    async def _ask(
        self,
        url: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        statuses: Collection[int],
        who: str,
        gate: Gate,
    ) -> Fetched:
        async with self.client.stream("GET", url, params=dict(params), headers=dict(headers)) as response:
            if response.status_code in _BUSY:
                why = f"{who} asks to be left alone for a while ({response.status_code})."
                gate.close(why, _retry_after(response.headers.get("Retry-After"), gate.pauses))
                raise SourceUnavailable(why)
            body = bytearray()
            problem = _problem(response, statuses) or await _too_long(response, body)
            if problem:
                gate.fault(f"{who} {problem}.")
                raise SourceUnavailable(f"{who} {problem}.")
            return Fetched(response.status_code, bytes(body))


@asynccontextmanager
async def open_fetcher(
    contact: str | None, *, patience: Patience = Patience(), pauses: Pauses = PAUSES
) -> AsyncGenerator[Fetcher]:
    """A fetcher that says who it is; `contact` is an address at which an operator of a host can complain."""
    async with httpx2.AsyncClient(
        timeout=httpx2.Timeout(patience.silence, connect=patience.connect, pool=None),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=16, keepalive_expiry=15),
        headers={"User-Agent": user_agent(contact), "Accept-Encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
    ) as client:
        yield Fetcher(client, patience, pauses)


def user_agent(contact: str | None) -> str:
    """As Wikimedia's policy asks: what asks, which version, whom to write to, on which library."""
    library = f"httpx2/{httpx2.__version__}"
    return f"Lyo/{version('lyo')} (course maker; contact: {contact or 'the operator has set none'}) {library}"


def host_of(base: str) -> str:
    """The host of an address, for people."""
    return urlsplit(base).hostname or "the host"


def _origin(base: str) -> str:
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _problem(response: httpx2.Response, statuses: Collection[int]) -> str | None:
    if response.is_redirect:
        return "sends elsewhere, where Lyo does not follow: correct its address in the settings"
    if response.status_code not in statuses:
        return f"answers with the status {response.status_code}"
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        # Never decoded: what is 2 MiB on the wire may be 2 GiB in memory.
        return "sends a compressed answer that nobody asked for"
    return None


async def _too_long(response: httpx2.Response, body: bytearray) -> str | None:
    async for block in response.aiter_raw():
        body += block
        if len(body) > MOST_BYTES:
            return f"sends more than {MOST_BYTES >> 20} MiB"
    return None


def _retry_after(header: str | None, pauses: Pauses) -> float:
    """Seconds until a host may be asked again, from either form of the header."""
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return max(float(text), 1.0)
    with suppress(ValueError, TypeError, OverflowError):
        at = parsedate_to_datetime(text)
        return max((at if at.tzinfo else at.replace(tzinfo=now().tzinfo)).timestamp() - now().timestamp(), 1.0)
    return pauses.first


async def _find(base: str, seconds: float) -> None:
    """Look the host's name up, in a thread of its own; raises `TimeoutError` or `OSError`.

    A resolver without a network blocks its thread for up to half a minute. In the loop's own threads a handful of
    those would stop everything else that needs one, the library's vectors among it. Behind a proxy there are no names.
    """
    parts = urlsplit(base)
    if parts.scheme in getproxies() and not proxy_bypass(parts.hostname or ""):
        return
    loop = asyncio.get_running_loop()
    found: asyncio.Future[OSError | None] = loop.create_future()

    def tell(error: OSError | None) -> None:
        if not found.done():
            found.set_result(error)

    def look() -> None:
        error: OSError | None = None
        try:
            socket.getaddrinfo(parts.hostname, parts.port or parts.scheme, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            error = problem if isinstance(problem, OSError) else OSError(str(problem))
        with suppress(RuntimeError):  # the loop has closed meanwhile
            loop.call_soon_threadsafe(tell, error)

    threading.Thread(target=look, name="lyo-names", daemon=True).start()
    async with asyncio.timeout(seconds):
        if (error := await found) is not None:
            raise error
