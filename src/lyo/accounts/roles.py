"""Who moderates, as the operator says on the command line."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts import repo
from lyo.accounts.service import normalised
from lyo.accounts.values import Moderator, Role


async def set_role(session: AsyncSession, *, email: str, role: Role) -> bool:
    """Give a role to whoever has this address, from their next request on; whether there is such a person."""
    return await repo.set_role(session, email=normalised(email), role=role)


async def list_moderators(session: AsyncSession) -> Sequence[Moderator]:
    """All moderators, by their names."""
    return await repo.moderators(session)
