"""The database of this machine, for commands that look into it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from lyo.core.settings import Settings
from lyo.local.binaries import find_postgres
from lyo.local.claim import claimed
from lyo.local.errors import LocalError
from lyo.local.folders import servers_folder, socket_folder
from lyo.local.postgres import Postgres, accepts, postgres_server
from lyo.local.process import server_user


@contextmanager
def database(settings: Settings, data_dir: Path | None) -> Generator[str]:
    """The address of the database, in SQLAlchemy's form.

    The one that DATABASE_URL names; without it, that of the `lyo up` that runs on the data folder, or else the
    folder's own, started for as long as the block takes. Raises `LocalError` where there is none.
    """
    if settings.database_url is not None and data_dir is None:
        yield settings.require_database_url()
        return
    folder = (data_dir or settings.data_dir).expanduser().absolute()
    if not folder.is_dir() or not any((folder / name).exists() for name in ("postgres", "servers")):
        raise LocalError(
            f"There is no database in {folder} yet: run `lyo up` first, name another folder with --data-dir, or set "
            "DATABASE_URL."
        )
    user = server_user()
    home, sockets = servers_folder(folder, user) / "postgres", socket_folder(folder, user)
    server = Postgres(find_postgres(user), user, home, sockets)
    if accepts(server):
        yield _for_sqlalchemy(server.url)
        return
    with claimed(folder), postgres_server(home, sockets) as url:
        yield _for_sqlalchemy(url)


def _for_sqlalchemy(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
