"""Every SQL statement about what learners have earned."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, insert, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.ids import new_id
from lyo.gamification.models import Badge, StreakDay, UserBadge, UserProfile, XpEntry
from lyo.gamification.streaks import LearningDay
from lyo.gamification.values import BadgeView, Deed, Kind


async def profile(session: AsyncSession, *, owner_id: UUID) -> UserProfile | None:
    """The owner's totals, as they are now; None if nothing has ever happened."""
    return await session.get(UserProfile, owner_id, populate_existing=True)


async def profile_to_change(session: AsyncSession, *, owner_id: UUID) -> UserProfile:
    """The owner's totals, made if need be. The caller has locked the owner."""
    found = await profile(session, owner_id=owner_id)
    if found is not None:
        return found
    await session.execute(insert(UserProfile).values(user_id=owner_id))
    return (await session.scalars(select(UserProfile).where(UserProfile.user_id == owner_id))).one()


async def earned_before(session: AsyncSession, deeds: Sequence[Deed], *, owner_id: UUID) -> set[Deed]:
    """Those of `deeds` that have an entry in the owner's ledger."""
    asked = [(deed.kind, deed.source) for deed in deeds]
    entries = select(XpEntry.kind, XpEntry.source).where(
        XpEntry.user_id == owner_id, tuple_(XpEntry.kind, XpEntry.source).in_(asked)
    )
    return {Deed(Kind(kind), source) for kind, source in (await session.execute(entries))}


async def earned_between(
    session: AsyncSession, *, owner_id: UUID, begin: datetime, end: datetime
) -> Mapping[Kind, int]:
    """What each kind has brought the owner from `begin` to before `end`, in XP."""
    sums = (
        select(XpEntry.kind, func.sum(XpEntry.amount))
        .where(XpEntry.user_id == owner_id, XpEntry.created_at >= begin, XpEntry.created_at < end)
        .group_by(XpEntry.kind)
    )
    return {Kind(kind): int(earned) for kind, earned in (await session.execute(sums))}


async def add_entries(session: AsyncSession, amounts: Mapping[Deed, int], *, owner_id: UUID, moment: datetime) -> None:
    """Write what each deed brings into the owner's ledger."""
    rows = [
        {
            "id": new_id(),
            "user_id": owner_id,
            "kind": deed.kind,
            "source": deed.source,
            "amount": amount,
            "created_at": moment,
        }
        for deed, amount in amounts.items()
    ]
    await session.execute(insert(XpEntry), rows)


async def days_from(session: AsyncSession, *, owner_id: UUID, day: date | None) -> list[LearningDay]:
    """The owner's days of learning from `day` on, or all of them, in order."""
    days = select(StreakDay).where(StreakDay.user_id == owner_id).order_by(StreakDay.day)
    if day is not None:
        days = days.where(StreakDay.day >= day)
    return [_learning_day(row) for row in await session.scalars(days.execution_options(populate_existing=True))]


async def keep_day(session: AsyncSession, day: LearningDay, *, owner_id: UUID) -> None:
    """Keep a day of the owner's as it is now."""
    moments = {
        "first_at": day.first_at,
        "first_zone": day.first_zone,
        "last_at": day.last_at,
        "last_zone": day.last_zone,
    }
    kept = upsert(StreakDay).values(user_id=owner_id, day=day.day, **moments)
    await session.execute(kept.on_conflict_do_update(index_elements=[StreakDay.user_id, StreakDay.day], set_=moments))


async def badges_not_earned(session: AsyncSession, *, owner_id: UUID) -> Sequence[Badge]:
    """The badges that the owner does not have."""
    has = select(UserBadge.badge_id).where(UserBadge.user_id == owner_id, UserBadge.badge_id == Badge.id)
    return (await session.scalars(select(Badge).where(~has.exists()).order_by(Badge.slug))).all()


async def award(session: AsyncSession, badges: Sequence[Badge], *, owner_id: UUID, moment: datetime) -> None:
    """Give badges to the owner."""
    rows = [{"user_id": owner_id, "badge_id": badge.id, "earned_at": moment} for badge in badges]
    await session.execute(insert(UserBadge), rows)


async def badges_of(session: AsyncSession, *, owner_id: UUID) -> tuple[BadgeView, ...]:
    """The owner's badges, the last first."""
    earned = (
        select(Badge, UserBadge.earned_at)
        .join(UserBadge, UserBadge.badge_id == Badge.id)
        .where(UserBadge.user_id == owner_id)
        .order_by(UserBadge.earned_at.desc(), Badge.slug)
    )
    return tuple(badge_view(badge, earned_at) for badge, earned_at in (await session.execute(earned)))


def badge_view(badge: Badge, earned_at: datetime) -> BadgeView:
    """A badge as its owner sees it."""
    return BadgeView(
        id=badge.id,
        slug=badge.slug,
        name=badge.name,
        description=badge.description,
        icon_url=badge.icon_url,
        symbol=badge.symbol,
        earned_at=earned_at,
    )


def _learning_day(row: StreakDay) -> LearningDay:
    return LearningDay(
        day=row.day, first_at=row.first_at, first_zone=row.first_zone, last_at=row.last_at, last_zone=row.last_zone
    )
