"""What we hold of a learner."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.privacy import repo


async def everything_of(session: AsyncSession, *, owner_id: UUID) -> Sequence[tuple[str, dict[str, Any]]]:
    """Every row of the owner, as its kind and its fields; those of a kind stand together."""
    return sorted(await repo.everything_of(session, owner_id=owner_id), key=lambda record: record[0])
