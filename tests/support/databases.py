"""Databases of a test's own, on the servers of its run."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, LiteralString
from uuid import uuid4

import psycopg
from psycopg import sql

from lyo.local.temporary import Servers
from lyo.tables import metadata

MANY: Final = 500
"""Rows of a table, after which a new database is quicker than an emptied one."""

# What a test can change of the schema. Copies of one template have the same oids.
_SCHEMA: Final[LiteralString] = """
WITH ours AS (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace)
SELECT (SELECT array_agg(version_num) FROM alembic_version),
    (SELECT array_agg(oid ORDER BY oid) FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%')::text,
    (SELECT array_agg(oid ORDER BY oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)::text,
    (SELECT array_agg((oid, tgenabled) ORDER BY oid) FROM pg_trigger)::text,
    (SELECT array_agg((oid, pg_get_expr(adbin, adrelid)) ORDER BY oid) FROM pg_attrdef)::text,
    (SELECT count(*) FROM pg_db_role_setting JOIN pg_database ON setdatabase = pg_database.oid
        WHERE datname = current_database()),
    (SELECT array_agg((oid, relname, relnatts, relhastriggers) ORDER BY oid) FROM ours)::text,
    (SELECT array_agg((oid, conname, condeferred, convalidated) ORDER BY oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace)::text,
    (SELECT array_agg((attrelid, attname, atttypid, attnotnull, atthasdef) ORDER BY attrelid, attnum)
        FROM pg_attribute JOIN ours ON attrelid = ours.oid)::text
"""
_OTHERS_LEAVE: Final[LiteralString] = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = %s AND pid <> pg_backend_pid() AND usename = current_user
"""


class Databases:
    """Databases with the schema and rows of a template, used again since a new one takes ten times as long."""

    def __init__(self, servers: Servers, template: str) -> None:
        self._servers = servers
        self._template = template
        self._spare: list[str] = []
        with psycopg.connect(database_url(servers, template)) as connection:
            self._schema = _schema(connection)
            self._seeds = {name: _digest(connection, name) for name in _with_rows(connection, more_than=0)}

    @contextmanager
    def one(self) -> Generator[str]:
        """The address of a database that nobody else uses until the end of the block."""
        if self._spare:
            name = self._spare.pop()
        else:
            name = f"test_{uuid4().hex}"
            create_database(self._servers, name, self._template)
        url = database_url(self._servers, name)
        yield url
        if self._is_as_new(url):
            self._spare.append(name)
        else:
            drop_database(self._servers, name)

    def _is_as_new(self, url: str) -> bool:
        """Whether it is, now that all rows of tests were deleted. Numbers go on where they were."""
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(_OTHERS_LEAVE, [connection.info.dbname])
                if _schema(connection) != self._schema or _with_rows(connection, more_than=MANY):
                    return False
                # A trigger may write anew, so look again.
                while tables := [name for name in _with_rows(connection, more_than=0) if name not in self._seeds]:
                    for table in tables:
                        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                return all(_digest(connection, name) == digest for name, digest in self._seeds.items())
        except psycopg.Error:  # a table is gone, or more
            return False


def _schema(connection: psycopg.Connection[Any]) -> object:
    return connection.execute(_SCHEMA).fetchone()


def _digest(connection: psycopg.Connection[Any], table: str) -> object:
    """What a table of few rows holds, said shortly."""
    rows = sql.SQL("SELECT md5(array_agg(row::text ORDER BY row::text)::text) FROM {} AS row")
    return connection.execute(rows.format(sql.Identifier(table))).fetchone()


def _with_rows(connection: psycopg.Connection[Any], *, more_than: int) -> list[str]:
    """The tables that have more than so many rows, in an order in which they can be emptied."""
    ask = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {} OFFSET {})")
    tables = [table.name for table in reversed(metadata.sorted_tables)]
    asks = (ask.format(sql.Literal(name), sql.Identifier(name), sql.Literal(more_than)) for name in tables)
    full = {name for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(asks))}
    return [name for name in tables if name in full]


def database_url(servers: Servers, name: str) -> str:
    """The address of another database on the same server."""
    return servers.database_url.replace("/lyo?", f"/{name}?")


def create_database(servers: Servers, name: str, template: str | None = None) -> str:
    """A new database, a copy of `template` where there is one; returns its address."""
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template or "lyo"))
    with psycopg.connect(database_url(servers, "postgres"), autocommit=True) as connection:
        connection.execute(made)
    return database_url(servers, name)


def drop_database(servers: Servers, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    # WITH (FORCE) is refused while an autovacuum worker is in it, which only a superuser may end so; without it the
    # worker is asked to leave by PostgreSQL itself.
    database = sql.Identifier(name)
    with psycopg.connect(database_url(servers, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(database))
        connection.execute(_OTHERS_LEAVE, [name])
        connection.execute(sql.SQL("DROP DATABASE {}").format(database))
