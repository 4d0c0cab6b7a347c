"""How far a learner is with a course.

Everything about an item only grows: the furthest position, opened, done. So it is all one in which order messages
arrive and how often, and an old one of a phone that was offline takes nothing back. Where the learner was last moves
only with what happened later than that, by the phone's clock as far as it can be true.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.profiles import lock_learner
from lyo.accounts.values import Learner
from lyo.core.clock import LATEST, credible
from lyo.courses.errors import CourseNotFound, ItemNotFound
from lyo.courses.learning import repo
from lyo.courses.learning.values import Progress, Report
from lyo.courses.models import Course, CourseItem
from lyo.courses.values import CourseStatus, learned_pct, told_to_others
from lyo.feeds.service import tell
from lyo.feeds.values import FeedItemType, Story
from lyo.gamification.service import NOTHING, reward
from lyo.gamification.values import Deed, Happening, Kind, Reward
from lyo.wordfilter.finding import refused_word

_NO_TITLE: Final = "A course"
"""In feeds, for one whose title others should not read."""

WHOLE: Final = 100
"""The last position of what has no duration. A client that says more is taken to have come to the end."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a message has changed of an item."""

    is_done: bool
    """Whether it is done, and was not before."""
    is_further: bool
    """Whether anything has grown but that it was opened."""


async def record_progress(
    session: AsyncSession, report: Report, *, owner_id: UUID, course_id: UUID, moment: datetime
) -> Progress:
    """Record how far the owner is with an item, and what that earns; raises `CourseNotFound`, `ItemNotFound`."""
    learner = await lock_learner(session, owner_id=owner_id)
    course, item = await find(session, owner_id=owner_id, course_id=course_id, item_id=report.item_id)
    at = credible(report.occurred_at, moment=moment)
    step = await advance(
        session, course, item, completed=report.completed, position=report.position, at=at or moment - LATEST
    )
    happening = Happening(deeds=deeds_of(step, item), learned_at=at if step.is_further else None)
    earned, total = await settle(session, course, happening, learner=learner, moment=moment)
    return Progress(
        course_id=course_id,
        completed_items=course.completed_items,
        total_items=total,
        progress_pct=learned_pct(course.completed_items, total, is_learned=course.learned_at is not None),
        learned_at=course.learned_at,
        xp_awarded=earned.xp,
        new_badges=earned.badges,
    )


async def find(session: AsyncSession, *, owner_id: UUID, course_id: UUID, item_id: UUID) -> tuple[Course, CourseItem]:
    """The owner's course and one of its items; raises `CourseNotFound`, `ItemNotFound`."""
    course = await repo.own_course(session, owner_id=owner_id, course_id=course_id)
    if course is None:
        raise CourseNotFound
    item = await repo.ready_item(session, course_id=course_id, item_id=item_id)
    if item is None:
        raise ItemNotFound
    return course, item


async def advance(
    session: AsyncSession, course: Course, item: CourseItem, *, completed: bool, position: int, at: datetime
) -> Step:
    """Take in what was new about an item at `at`. The caller has locked the learner."""
    before = await repo.progress_of(session, item_id=item.id)
    was_done = before is not None and before.completed_at is not None
    known = before.position if before else 0
    reached = max(known, min(position, item.duration_seconds or WHOLE))
    step = Step(is_done=completed and not was_done, is_further=(completed and not was_done) or reached > known)
    if before is not None and not step.is_further:
        return step
    await repo.keep_progress(
        session,
        item=item,
        position=reached,
        opened_at=min(before.opened_at, at) if before else at,
        completed_at=before.completed_at if before and was_done else at if completed else None,
    )
    if step.is_done:
        course.completed_items += 1
    if course.current_item_at is None or course.current_item_at <= at:
        course.current_item_id, course.current_item_at = item.id, at
    return step


async def settle(
    session: AsyncSession, course: Course, happening: Happening, *, learner: Learner, moment: datetime
) -> tuple[Reward, int]:
    """What it earns, with the completion of the course if this was the last of it; and how many items there are."""
    total = await repo.count_items(session, course_id=course.id)
    if _is_learned(course, total):
        course.learned_at = moment
        done = Story(
            type=FeedItemType.COURSE_COMPLETION,
            source_id=course.id,
            title=_NO_TITLE if refused_word(course.title) else course.title,
            content=told_to_others(course.description),
            is_public=learner.shares_milestones,
        )
        await tell(session, [done], owner_id=learner.user_id)
        happening = Happening(
            deeds=(*happening.deeds, Deed(Kind.COURSE_COMPLETED, str(course.id))),
            learned_at=happening.learned_at,
        )
    if happening == Happening():
        return NOTHING, total
    return await reward(session, happening, learner=learner, moment=moment), total


async def settle_completed(session: AsyncSession, *, learner: Learner, course_id: UUID, moment: datetime) -> None:
    """Complete a course that has just become whole, if its learner has kept up with its making."""
    course = await repo.own_course(session, owner_id=learner.user_id, course_id=course_id)
    if course is not None:
        await settle(session, course, Happening(), learner=learner, moment=moment)


def deeds_of(step: Step, item: CourseItem) -> tuple[Deed, ...]:
    """What a step is worth XP for."""
    return (Deed(Kind.ITEM_COMPLETED, str(item.id)),) if step.is_done else ()


def _is_learned(course: Course, total: int) -> bool:
    """Whether all of a whole course is done, for the first time."""
    is_whole = course.status == CourseStatus.COMPLETED
    return is_whole and course.learned_at is None and 0 < total <= course.completed_items
