"""A million learners and a million feed items, by COPY, as they might have come about in half a year.

XP are skewed and have many ties, a few write most of what is public, and items that were told together have one time.
"""

import random
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import LiteralString

import psycopg
from psycopg import sql

from lyo.gamification.leaderboard.values import ALL_TIME, week_begins, week_of

CHUNK = 20_000
PROLIFIC = 500
"""Learners who have told much, each of them some hundred items."""
OWN_ITEMS = 10_000
"""Of the learner who has told the most."""
SEED = 20261126
TABLES = ("users", "user_profiles", "xp_entries", "leaderboard_scores", "user_blocks", "feed_items")
KINDS = (
    ("community_post", "A thought about leaves"),
    ("achievement", "Page turner"),
    ("course_completion", "Photosynthesis"),
    ("course_completion", "Volcanoes"),
)

_FOREIGN_KEYS: LiteralString = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND (conrelid = ANY (%(tables)s::regclass[]) OR confrelid = ANY (%(tables)s::regclass[]))
"""
_CONSTRAINTS: LiteralString = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype IN ('p', 'u') AND conrelid = ANY (%(tables)s::regclass[])
"""
_INDEXES: LiteralString = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY (%(tables)s::regclass[])
"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Everybody, by what is asked about them."""

    ids: Sequence[str]
    week: Sequence[int]
    """What each has earned this week; all of them have."""
    before: Sequence[int]
    """What each had earned before; half of them had."""
    moment: datetime

    @property
    def prolific(self) -> Sequence[str]:
        return self.ids[:PROLIFIC]

    @property
    def diligent(self) -> str:
        """Has `OWN_ITEMS` items of their own."""
        return self.ids[PROLIFIC]

    @property
    def silent(self) -> str:
        """Has no items."""
        return self.ids[PROLIFIC + 1]

    @property
    def sensitive(self) -> str:
        """Has blocked all who are prolific."""
        return self.ids[PROLIFIC + 2]

    @property
    def others(self) -> Sequence[str]:
        return self.ids[PROLIFIC + 3 :]

    @property
    def typical(self) -> str:
        """Has as much XP as half of all."""
        xp = sorted(range(len(self.ids)), key=lambda at: self.week[at] + self.before[at])
        return self.ids[xp[len(xp) // 2]]


def crowd(count: int, moment: datetime) -> Crowd:
    """So many learners, none of them in a database yet."""
    drawn = random.Random(SEED)  # noqa: S311 - nothing is secret
    ids = [f"{drawn.getrandbits(128):032x}" for _ in range(count)]
    week = [_xp(drawn, 4.2, 1.0) for _ in ids]
    before = [_xp(drawn, 6.0, 1.3) if drawn.random() < 1 / 2 else 0 for _ in ids]
    return Crowd(ids=ids, week=week, before=before, moment=moment)


def _xp(drawn: random.Random, mu: float, sigma: float) -> int:
    """Mostly a multiple of 5, as most of what earns XP is."""
    xp = 5 * max(1, round(drawn.lognormvariate(mu, sigma) / 5))
    return xp + 2 * drawn.randrange(5) if drawn.random() < 1 / 4 else xp


def load(connection: psycopg.Connection, people: Crowd, *, items: int) -> None:
    """Write everybody and everything, past no trigger of ours; what is empty before is quicker to fill."""
    drawn = random.Random(SEED + 1)  # noqa: S311 - nothing is secret
    everybody = list(zip(people.ids, people.week, people.before, strict=True))
    this_week = week_begins(people.moment)
    entries = "xp_entries (id, user_id, kind, source, amount, created_at)"
    scores = "leaderboard_scores (user_id, board, xp)"
    told = "feed_items (id, user_id, type, title, content, metadata, source_id, is_public, created_at)"
    with without_indexes(connection, TABLES):
        _copy(connection, "users (id, email, display_name)", (f"{a}\t{a}@example.com\tAda {a[:4]}" for a in people.ids))
        _copy(connection, "user_profiles (user_id, xp)", (f"{a}\t{now + before}" for a, now, before in everybody))
        _copy(connection, entries, _entries(drawn, people.ids, people.week, this_week))
        _copy(connection, entries, _entries(drawn, people.ids, people.before, this_week - timedelta(days=30)))
        _copy(connection, scores, (f"{a}\t{ALL_TIME}\t{now + before}" for a, now, before in everybody))
        week = week_of(people.moment)
        _copy(connection, scores, (f"{a}\t{week}\t{now}" for a, now, _ in everybody))
        _copy(connection, "user_blocks (user_id, blocked_id)", _blocks(drawn, people))
        _copy(connection, told, _items(drawn, people, items))


@contextmanager
def without_indexes(connection: psycopg.Connection, tables: Sequence[str]) -> Generator[None]:
    """Drop indexes and foreign keys of these tables, and make them again in the end, as a restored dump does."""
    names = {"tables": list(tables)}
    keys = connection.execute(_FOREIGN_KEYS, names).fetchall()
    constraints = connection.execute(_CONSTRAINTS, names).fetchall()
    for table, name, _ in (*keys, *constraints):
        connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(*map(sql.Identifier, (table, name))))
    indexes = connection.execute(_INDEXES, names).fetchall()
    for name, _ in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    # What is emptied in the transaction that fills it is written to no log (with `wal_level = minimal`).
    connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
    yield
    connection.execute("SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL work_mem = '256MB'")
    for _, definition in indexes:
        connection.execute(definition)
    for table, name, definition in (*constraints, *keys):
        added = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(*map(sql.Identifier, (table, name)))
        connection.execute(added + sql.SQL(definition))
    connection.commit()


def _entries(drawn: random.Random, ids: Sequence[str], amounts: Sequence[int], at: datetime) -> Iterator[str]:
    rest = f"item_completed\t{at.date()}"
    for user_id, amount in zip(ids, amounts, strict=True):
        if amount:
            yield f"{drawn.getrandbits(128):032x}\t{user_id}\t{rest}\t{amount}\t{at}"


def _blocks(drawn: random.Random, people: Crowd) -> Iterator[str]:
    for author in people.prolific:
        yield f"{people.sensitive}\t{author}"
    count = len(people.ids) // 50
    pairs = set(zip(drawn.choices(people.others, k=count), drawn.choices(people.ids, k=count), strict=True))
    yield from (f"{one}\t{other}" for one, other in pairs if one != other)


def _items(drawn: random.Random, people: Crowd, count: int) -> Iterator[str]:
    """In the order of time, half a year until now; one in three has the time of the one before."""
    authors = drawn.choices(people.others, k=count)
    prolific = people.prolific
    for at in range(0, count, 10):
        authors[at] = drawn.choice(prolific)
    for at in range(1, count, count // OWN_ITEMS or 1):
        authors[at] = people.diligent
    words = "How it came about, in a sentence."
    created_at = people.moment - timedelta(days=182)
    step = timedelta(days=182) / count
    for number, author in enumerate(authors):
        if drawn.random() > 1 / 3:
            created_at = people.moment - (count - number) * step
        kind, title = drawn.choice(KINDS)
        is_public = kind == "community_post" or drawn.random() < 1 / 4
        yield (
            f"{drawn.getrandbits(128):032x}\t{author}\t{kind}\t{title} {number}\t{words}\t{{}}"
            f"\t{drawn.getrandbits(128):032x}\t{is_public}\t{created_at}"
        )


def _copy(connection: psycopg.Connection, table: LiteralString, lines: Iterator[str]) -> None:
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.SQL(table))) as writing:
        while chunk := list(islice(lines, CHUNK)):
            writing.write("\n".join(chunk) + "\n")


def make_private(database_url: str) -> None:
    """Leave one item in a thousand public."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE feed_items SET is_public = false WHERE is_public AND hashtext(id::text) % 400 <> 0")
        connection.execute("VACUUM (ANALYZE) feed_items")
