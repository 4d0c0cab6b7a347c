"""All rows of one learner, found by following the foreign keys from `users`.

Made from the tables themselves, so that a new table is in the export without anybody thinking of it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

from pydantic.alias_generators import to_camel
from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Select,
    Table,
    Text,
    bindparam,
    case,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.courses.models import CourseItem
from lyo.tables import metadata

KEPT_BACK: Final = {
    # Digests and keys are of use to thieves alone.
    "users.password_hash",
    "refresh_tokens.token_hash",
    "apple_identities.refresh_token",
    # The keys of quizzes that the learner has not answered yet.
    "course_items.questions",
    "task_steps.output",
    # Our own housekeeping: which of our machines is at it, and by what number.
    "tasks.lease_owner",
    "tasks.fence",
    "task_steps.fence",
    "idempotency_keys.fingerprint",
    # Whom a moderator has judged; the row is the moderator's.
    "moderation_actions.subject_id",
}
"""Columns that are not shown to their owner, and why."""

NOT_THEIRS: Final = {
    # That somebody was reported, and when, would tell them by whom.
    "moderation_cases",
}
"""Tables that lead to a learner of whom they are not, and why."""

_SHOWN: Final[dict[str, ColumnElement[Any]]] = {
    # The quote that proves a quiz's key gives it away.
    "course_items.citations": case((CourseItem.type == "quiz", null()), else_=CourseItem.citations),
}
_WHOLE_SECONDS: Final = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'


async def everything_of(session: AsyncSession, *, owner_id: UUID) -> Sequence[tuple[str, dict[str, Any]]]:
    """Each row of the owner as the camelCase name of its table and its values; one statement."""
    found = await session.execute(_statement(), {"owner_id": owner_id})
    return [(row.kind, row.shown) for row in found]


@cache
def chain_to_user(table: Table) -> tuple[Column[Any], ...] | None:
    """The shortest way from `table` to `users` by foreign keys, `()` for `users` itself, None if there is none."""
    if table.name == "users":
        return ()
    onward = ((column, chain_to_user(key.column.table)) for column in table.columns for key in column.foreign_keys)
    chains = [(column, *chain) for column, chain in onward if chain is not None]
    # A like is on a post, which is somebody's too: it is of whoever gave it.
    return min(chains, key=len, default=None)


@cache
def _statement() -> Any:
    tables = (table for table in metadata.sorted_tables if table.name not in NOT_THEIRS)
    return union_all(*(_rows_of(table) for table in tables if chain_to_user(table) is not None))


def _rows_of(table: Table) -> Select[str, Any]:
    chain = chain_to_user(table) or ()
    statement = select(literal(to_camel(table.name), Text).label("kind"), _shown(table).label("shown")).select_from(
        table
    )
    owner = table.columns["id"] if not chain else chain[-1]
    for column in chain[:-1]:
        (key,) = column.foreign_keys
        statement = statement.join(key.column.table, key.column == column)
    return statement.where(owner == bindparam("owner_id", type_=owner.type))


def _shown(table: Table) -> ColumnElement[Any]:
    pairs: list[Any] = []
    for column in table.columns:
        name = f"{table.name}.{column.name}"
        if name not in KEPT_BACK:
            pairs += [literal(to_camel(column.name), Text), _value(_SHOWN.get(name, column))]
    return func.jsonb_strip_nulls(func.jsonb_build_object(*pairs))


def _value(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, DateTime):
        return func.to_char(func.timezone("UTC", column), _WHOLE_SECONDS)
    return column
