"""When questions are asked again. What they say is the business of whoever made them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.core.pagination import Page, PageRequest
from lyo.reviews import repo
from lyo.reviews.errors import ReviewNotDue, ReviewNotFound
from lyo.reviews.models import ReviewCard
from lyo.reviews.scheduling import SOON, Memory, after_answer
from lyo.reviews.values import Answer, DueCard, FirstAnswers


async def take_up(
    session: AsyncSession, answers: Sequence[Answer], *, owner_id: UUID, item_id: UUID, at: datetime
) -> FirstAnswers:
    """Schedule the questions of a quiz that were answered for the first time; the others stay as they are.

    The caller has locked the owner.
    """
    known = await repo.known_questions(session, [answer.question_id for answer in answers], owner_id=owner_id)
    new = [answer for answer in answers if answer.question_id not in known]
    if new:
        scheduled = [(answer, after_answer(None, is_right=answer.is_right, at=at)) for answer in new]
        await repo.add_cards(session, scheduled, owner_id=owner_id, item_id=item_id)
    answered, right = await repo.first_answers(session, owner_id=owner_id, item_id=item_id)
    return FirstAnswers(new=frozenset(answer.question_id for answer in new), answered=answered, right=right)


async def get_due(session: AsyncSession, *, owner_id: UUID, card_id: UUID, moment: datetime) -> DueCard:
    """The owner's card, which is due at `moment`; raises `ReviewNotFound`, `ReviewNotDue`."""
    card = await repo.card_of(session, owner_id=owner_id, card_id=card_id)
    if card is None:
        raise ReviewNotFound
    if card.due_at > moment:
        raise ReviewNotDue
    return DueCard(id=card.id, item_id=card.item_id, question_id=card.question_id, due_at=card.due_at)


async def keep_answer(
    session: AsyncSession, answer: Answer, *, owner_id: UUID, card_id: UUID, at: datetime, moment: datetime
) -> datetime:
    """Keep an answer to the owner's card; returns when it is due again. The caller has locked the owner.

    It was given at `at`, not before it was asked for, and is told at `moment`: from then on it is not due for a while,
    so that an answer that is told twice is refused the second time.
    """
    card = await repo.card_of(session, owner_id=owner_id, card_id=card_id)
    if card is None:
        raise ReviewNotFound
    memory = after_answer(_memory(card), is_right=answer.is_right, at=max(at, card.due_at))
    memory = replace(memory, due_at=max(memory.due_at, moment + SOON))
    await repo.keep_answer(session, answer, memory, card_id=card_id)
    return memory.due_at


async def list_due(session: AsyncSession, *, owner_id: UUID, moment: datetime, page: PageRequest) -> Page[DueCard]:
    """A page of the owner's cards that are due at `moment`, those that wait longest first."""
    return await repo.page_of_due(session, owner_id=owner_id, until=moment, page=page)


async def count_due(session: AsyncSession, *, owner_id: UUID, moment: datetime) -> int:
    """How many of the owner's cards are due at `moment`."""
    return await repo.count_due(session, owner_id=owner_id, until=moment)


def _memory(card: ReviewCard) -> Memory:
    return Memory(
        state=card.state,
        step=card.step,
        stability=card.stability,
        difficulty=card.difficulty,
        due_at=card.due_at,
        last_answered_at=card.last_answered_at,
    )
