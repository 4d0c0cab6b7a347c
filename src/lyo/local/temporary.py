"""A throw-away PostgreSQL and Valkey, for tests and trials: quick, private, gone afterwards."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from lyo.local.folders import scratch_folder
from lyo.local.postgres import postgres_server
from lyo.local.process import server_user
from lyo.local.valkey import valkey_server


@dataclass(frozen=True, slots=True)
class Servers:
    """The addresses of a running pair, in the forms that DATABASE_URL and REDIS_URL take."""

    database_url: str
    redis_url: str


@contextmanager
def temporary_servers() -> Generator[Servers]:
    """Both servers on fresh data, without fsync, in a folder that is removed in the end.

    Enter it from the main thread: they end with the thread that started them, also when it is killed.
    """
    with (
        scratch_folder(server_user()) as folder,
        valkey_server(folder / "valkey") as redis_url,
        postgres_server(folder / "postgres", folder / "run", durable=False) as database_url,
    ):
        yield Servers(database_url, redis_url)
