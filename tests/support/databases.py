"""Databases of a test's own, on the servers of its run."""

import time
from typing import Final

import psycopg
from psycopg import sql

from lyo.local.temporary import Servers

TRIES: Final = 25


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
    dropped = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(database_url(servers, "postgres"), autocommit=True) as connection:
        for _ in range(TRIES):
            try:
                connection.execute(dropped)
            except psycopg.errors.InsufficientPrivilege:
                time.sleep(0.2)  # an autovacuum worker is in it, which only a superuser may end: it ends by itself
            else:
                return
        connection.execute(dropped)
