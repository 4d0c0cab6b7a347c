"""What we hold of a learner."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.privacy import repo


async def everything_of(session: AsyncSession, *, owner_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """All rows of the owner by the camelCase name of their table, tables in alphabetical order."""
    held: dict[str, list[dict[str, Any]]] = {}
    for kind, row in await repo.everything_of(session, owner_id=owner_id):
        held.setdefault(kind, []).append(row)
    return dict(sorted(held.items()))
