"""Questions that are asked again when they are about to be forgotten."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.profiles import lock_learner
from lyo.core.clock import LATEST, credible
from lyo.core.pagination import Page, PageRequest
from lyo.courses.learning import repo
from lyo.courses.learning.attempts import mark
from lyo.courses.learning.values import Reviewed, ReviewView
from lyo.courses.models import CourseItem
from lyo.courses.values import question_view
from lyo.gamification.service import reward
from lyo.gamification.values import Deed, Happening, Kind
from lyo.reviews import service as reviews
from lyo.reviews.errors import ReviewNotFound
from lyo.reviews.values import Answer, DueCard


async def list_due(session: AsyncSession, *, owner_id: UUID, moment: datetime, page: PageRequest) -> Page[ReviewView]:
    """A page of the questions that the owner is due to answer, those that wait longest first."""
    due = await reviews.list_due(session, owner_id=owner_id, moment=moment, page=page)
    items = await repo.items_with_courses(session, {card.item_id for card in due.items}, owner_id=owner_id)
    # Of a course that was deleted since the first of the two statements nothing is shown.
    views = [_view(card, *items[card.item_id]) for card in due.items if card.item_id in items]
    return Page(items=views, next=due.next)


async def answer_review(
    session: AsyncSession,
    *,
    owner_id: UUID,
    card_id: UUID,
    option: int,
    occurred_at: datetime | None,
    moment: datetime,
) -> Reviewed:
    """Mark the owner's answer to a question that is due; raises `ReviewNotFound`, `ReviewNotDue`."""
    learner = await lock_learner(session, owner_id=owner_id)
    card = await reviews.get_due(session, owner_id=owner_id, card_id=card_id, moment=moment)
    item = await repo.owned_item(session, owner_id=owner_id, item_id=card.item_id)
    if item is None:
        raise ReviewNotFound
    marked = mark(item, _question(item, card.question_id), option)
    at = credible(occurred_at, moment=moment)
    answer = Answer(question_id=card.question_id, option=option, is_right=marked.correct)
    due_at = await reviews.keep_answer(
        session, answer, owner_id=owner_id, card_id=card_id, at=at or moment - LATEST, moment=moment
    )
    happening = Happening(
        # Each time that it is due it can be answered once.
        deeds=(Deed(Kind.REVIEW_DONE, f"{card_id}:{int(card.due_at.timestamp())}"),),
        learned_at=at,
    )
    earned = await reward(session, happening, learner=learner, moment=moment)
    return Reviewed(marked=marked, due_at=due_at, xp_awarded=earned.xp, new_badges=earned.badges)


def _view(card: DueCard, item: CourseItem, course_title: str) -> ReviewView:
    return ReviewView(
        id=card.id,
        course_id=item.course_id,
        course_title=course_title,
        item_id=item.id,
        question=question_view(_question(item, card.question_id)),
        due_at=card.due_at,
    )


def _question(item: CourseItem, question_id: UUID) -> dict[str, Any]:
    return next(question for question in item.questions or () if question["id"] == str(question_id))
