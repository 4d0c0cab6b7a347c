"""Every SQL statement about reviews."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.ids import new_id
from lyo.core.pagination import Page, PageRequest, Position, cut_page, earliest_first
from lyo.reviews.models import ReviewAnswer, ReviewCard
from lyo.reviews.scheduling import Memory
from lyo.reviews.values import Answer, DueCard


async def known_questions(session: AsyncSession, question_ids: Sequence[UUID], *, owner_id: UUID) -> set[UUID]:
    """Those of the questions that have a card of the owner's."""
    known = select(ReviewCard.question_id).where(
        ReviewCard.user_id == owner_id, ReviewCard.question_id.in_(question_ids)
    )
    return set(await session.scalars(known))


async def add_cards(
    session: AsyncSession, answers: Sequence[tuple[Answer, Memory]], *, owner_id: UUID, item_id: UUID
) -> None:
    """Make a card of each first answer."""
    cards = [
        {
            "id": new_id(),
            "user_id": owner_id,
            "item_id": item_id,
            "question_id": answer.question_id,
            "is_first_right": answer.is_right,
            **_figures(memory),
        }
        for answer, memory in answers
    ]
    await session.execute(insert(ReviewCard), cards)
    log = [
        _log(card["id"], answer, memory.last_answered_at) for card, (answer, memory) in zip(cards, answers, strict=True)
    ]
    await session.execute(insert(ReviewAnswer), log)


async def first_answers(session: AsyncSession, *, owner_id: UUID, item_id: UUID) -> tuple[int, int]:
    """How many questions of a quiz the owner has answered, and how many of these rightly at first."""
    right = func.count().filter(ReviewCard.is_first_right)
    counted = select(func.count(), right).where(ReviewCard.user_id == owner_id, ReviewCard.item_id == item_id)
    answered, rightly = (await session.execute(counted)).one()
    return answered, rightly


async def card_of(session: AsyncSession, *, owner_id: UUID, card_id: UUID) -> ReviewCard | None:
    """The owner's card with this id."""
    own = select(ReviewCard).where(ReviewCard.id == card_id, ReviewCard.user_id == owner_id)
    return await session.scalar(own.execution_options(populate_existing=True))


async def keep_answer(session: AsyncSession, answer: Answer, memory: Memory, *, card_id: UUID) -> None:
    """Keep an answer to a card, and when it is due again."""
    await session.execute(update(ReviewCard).where(ReviewCard.id == card_id).values(_figures(memory)))
    await session.execute(insert(ReviewAnswer), [_log(card_id, answer, memory.last_answered_at)])


async def page_of_due(session: AsyncSession, *, owner_id: UUID, until: datetime, page: PageRequest) -> Page[DueCard]:
    """A page of the owner's cards that are due by then, those that wait longest first."""
    due = select(ReviewCard.id, ReviewCard.item_id, ReviewCard.question_id, ReviewCard.due_at)
    due = due.where(ReviewCard.user_id == owner_id, ReviewCard.due_at <= until)
    due = earliest_first(due, at=ReviewCard.due_at, identifier=ReviewCard.id, page=page)
    cards = [DueCard(*row) for row in await session.execute(due)]
    return cut_page(cards, limit=page.limit, position=lambda card: Position(card.due_at, card.id))


async def count_due(session: AsyncSession, *, owner_id: UUID, until: datetime) -> int:
    """How many of the owner's cards are due by then."""
    due = select(func.count()).where(ReviewCard.user_id == owner_id, ReviewCard.due_at <= until)
    return await session.scalar(due) or 0


def _figures(memory: Memory) -> dict[str, object]:
    return {
        "state": memory.state,
        "step": memory.step,
        "stability": memory.stability,
        "difficulty": memory.difficulty,
        "due_at": memory.due_at,
        "last_answered_at": memory.last_answered_at,
    }


def _log(card_id: object, answer: Answer, at: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "card_id": card_id,
        "option": answer.option,
        "is_right": answer.is_right,
        "answered_at": at,
    }
