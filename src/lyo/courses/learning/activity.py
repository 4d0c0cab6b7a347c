"""What only the client knows has happened. It says what, and the server decides what that is worth, once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.profiles import lock_learner, time_zone_at
from lyo.accounts.values import Learner
from lyo.core.clock import credible
from lyo.core.zones import local_date
from lyo.courses.errors import CourseNotFound, ItemNotFound
from lyo.courses.learning import repo
from lyo.gamification.service import NOTHING, reward
from lyo.gamification.values import Deed, Happening, Kind, Reward

_NO_ITEM: Final = "An item_studied names its item in itemId."
_NO_COURSE: Final = "A course_shared names its course in courseId."


class ActivityType(StrEnum):
    """What an app may tell."""

    DAILY_VISIT = "daily_visit"
    ITEM_STUDIED = "item_studied"
    COURSE_SHARED = "course_shared"


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that a client says has happened, to an item or a course if it is about one."""

    type: ActivityType
    item_id: UUID | None
    course_id: UUID | None
    occurred_at: datetime | None


async def tell_activity(session: AsyncSession, activity: Activity, *, owner_id: UUID, moment: datetime) -> Reward:
    """What the activity brings its learner; raises `ItemNotFound`, `CourseNotFound` for what is not theirs.

    A visit, or an item that was studied, longer ago than can be told brings nothing: it is not known on which day.
    """
    learner = await lock_learner(session, owner_id=owner_id)
    at = credible(activity.occurred_at, moment=moment)
    happening = await _happening(session, activity, learner=learner, at=at)
    if happening is None:
        return NOTHING
    return await reward(session, happening, learner=learner, moment=moment)


async def _happening(
    session: AsyncSession, activity: Activity, *, learner: Learner, at: datetime | None
) -> Happening | None:
    if activity.type is ActivityType.COURSE_SHARED:
        return await _shared(session, activity.course_id, owner_id=learner.user_id)
    if activity.type is ActivityType.ITEM_STUDIED:
        await _check_item(session, activity.item_id, owner_id=learner.user_id)
    if at is None:
        return None
    day = local_date(at, await time_zone_at(session, learner=learner, at=at))
    if activity.type is ActivityType.ITEM_STUDIED:
        return Happening(deeds=(Deed(Kind.ITEM_STUDIED, f"{activity.item_id}:{day}"),), learned_at=at)
    return Happening(deeds=(Deed(Kind.DAILY_VISIT, str(day)),))


async def _shared(session: AsyncSession, course_id: UUID | None, *, owner_id: UUID) -> Happening:
    if course_id is None:
        raise CourseNotFound(_NO_COURSE)
    if await repo.own_course(session, owner_id=owner_id, course_id=course_id) is None:
        raise CourseNotFound
    return Happening(deeds=(Deed(Kind.COURSE_SHARED, str(course_id)),))


async def _check_item(session: AsyncSession, item_id: UUID | None, *, owner_id: UUID) -> None:
    if item_id is None:
        raise ItemNotFound(_NO_ITEM)
    if await repo.owned_item(session, owner_id=owner_id, item_id=item_id) is None:
        raise ItemNotFound
