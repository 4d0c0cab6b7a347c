"""What we hold of a learner, and what of it others see."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts import profiles
from lyo.accounts.values import Principal, Profile
from lyo.feeds.service import show_milestones
from lyo.gamification.leaderboard import service as leaderboard
from lyo.privacy import repo


async def everything_of(session: AsyncSession, *, owner_id: UUID) -> Sequence[tuple[str, dict[str, Any]]]:
    """Every row of the owner, as its kind and its fields; those of a kind stand together."""
    return sorted(await repo.everything_of(session, owner_id=owner_id), key=lambda record: record[0])


async def change_profile(
    session: AsyncSession, *, principal: Principal, changes: Mapping[str, Any], moment: datetime
) -> Profile:
    """The caller's profile after `changes`, which hold at once wherever others see something of them."""
    # It takes the learner's row first, as everything does that changes something of theirs.
    profile = await profiles.change_profile(session, principal=principal, changes=changes, moment=moment)
    if "shares_milestones" in changes:
        await show_milestones(session, owner_id=principal.user_id, to_others=profile.shares_milestones)
    if "leaderboard_opt_out" in changes:
        to_others = not profile.leaderboard_opt_out
        await leaderboard.show(session, owner_id=principal.user_id, to_others=to_others, moment=moment)
    return profile
