"""What is outside of us and may be wrong: the port, and servers that the settings name."""

import asyncio
import errno
import socket
from contextlib import suppress
from typing import Any

import psycopg

from lyo.local.errors import LocalError

CONNECT_SECONDS = 5
ANSWER_SECONDS = 5.0


def check_port(host: str, port: int) -> int:
    """The port to serve on (a free one for 0); raises `LocalError` if it cannot be bound."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError, OverflowError):
        raise LocalError(f"{host} is no address of this machine: choose another with --host.") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            raise LocalError(why_not_bound(error, host, port)) from None
        return int(probe.getsockname()[1])


async def http_status(host: str, port: int, path: str) -> int | None:
    """The status of a GET, or None when nobody answers in time."""
    with suppress(OSError, ValueError, IndexError, TimeoutError):
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
                return int((await reader.readline()).split()[1])
            finally:
                writer.close()
                await writer.wait_closed()
    return None


def check_database(url: str) -> None:
    """Raise `LocalError` if DATABASE_URL leads to no PostgreSQL that lets us in. The password is never repeated."""
    try:
        psycopg.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.OperationalError as error:
        why = str(error).strip().splitlines()[0].removeprefix("connection failed: ")
        raise LocalError(f"DATABASE_URL: PostgreSQL cannot be reached ({why}). {_advice('DATABASE_URL')}") from None
    except psycopg.Error:
        raise LocalError(
            "DATABASE_URL is no address of a PostgreSQL: write it as postgresql://user:password@host:port/database, "
            "or unset it and Lyo runs its own."
        ) from None


def check_redis(url: str) -> None:
    """Raise `LocalError` if REDIS_URL leads to no server that lets us in."""
    import redis  # noqa: PLC0415 - it takes longer than our own start, which mostly does without

    scheme, _, rest = url.partition("://")
    known = {"redis+socket": "unix", "valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme)
    kind: Any = redis.Redis  # redis-py leaves the keyword arguments untyped
    try:
        client = kind.from_url(
            f"{known}://{rest}", socket_timeout=CONNECT_SECONDS, socket_connect_timeout=CONNECT_SECONDS
        )
    except ValueError:
        raise LocalError(
            "REDIS_URL is no address of a Redis or Valkey: write it as redis://host:port/0, or unset it and Lyo runs "
            "its own."
        ) from None
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        why = str(error).rstrip(".")
        raise LocalError(f"REDIS_URL: the server cannot be reached ({why}). {_advice('REDIS_URL')}") from None
    finally:
        client.close()


def _advice(name: str) -> str:
    return f"Start that server, correct {name}, or unset it and Lyo runs its own."


def why_not_bound(error: OSError, host: str, port: int) -> str:
    """One sentence for an address that cannot be listened on."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use by another program: stop that one, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for root: choose one from 1024 on with --port."
    return f"{host} is no address of this machine: choose another with --host."
