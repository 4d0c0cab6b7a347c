"""Trying a quiz: marked here, and only now told what is right and why. The first answer to a question scores."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.profiles import lock_learner
from lyo.core.clock import LATEST, credible
from lyo.core.errors import FieldError, ValidationFailed
from lyo.courses.errors import NotAQuiz
from lyo.courses.learning import repo
from lyo.courses.learning.progress import advance, deeds_of, find, settle
from lyo.courses.learning.values import Attempt, Choice, Marked
from lyo.courses.models import CourseItem
from lyo.gamification.values import Deed, Happening, Kind
from lyo.reviews.service import take_up
from lyo.reviews.values import Answer


async def attempt(
    session: AsyncSession,
    choices: Sequence[Choice],
    *,
    owner_id: UUID,
    course_id: UUID,
    item_id: UUID,
    occurred_at: datetime | None,
    moment: datetime,
) -> Attempt:
    """Mark the owner's answers to some or all questions of a quiz, which is done when each was answered once.

    Raises `CourseNotFound`, `ItemNotFound`, `NotAQuiz`, and `ValidationFailed` for questions that it does not have.
    """
    learner = await lock_learner(session, owner_id=owner_id)
    course, item = await find(session, owner_id=owner_id, course_id=course_id, item_id=item_id)
    marked = _marked(item, choices)
    credible_at = credible(occurred_at, moment=moment)
    at = credible_at or moment - LATEST
    answers = [
        Answer(question_id=choice.question_id, option=choice.option, is_right=result.correct)
        for choice, result in zip(choices, marked, strict=True)
    ]
    total, score = len(item.questions or ()), sum(result.correct for result in marked)
    kept = [
        {"questionId": str(answer.question_id), "option": answer.option, "correct": answer.is_right}
        for answer in answers
    ]
    await repo.add_attempt(session, item_id=item_id, answers=kept, score=score, total=total, at=at)
    first = await take_up(session, answers, owner_id=owner_id, item_id=item_id, at=at)
    step = await advance(session, course, item, completed=first.answered == total, position=0, at=at)
    right = [answer for answer in answers if answer.is_right and answer.question_id in first.new]
    happening = Happening(
        deeds=(
            *deeds_of(step, item),
            *(Deed(Kind.QUESTION_RIGHT, str(answer.question_id)) for answer in right),
            *([Deed(Kind.QUIZ_PERFECT, str(item_id))] if first.new and first.answered == first.right == total else []),
        ),
        learned_at=credible_at,
    )
    earned, _ = await settle(session, course, happening, learner=learner, moment=moment)
    return Attempt(score=score, total=total, results=marked, xp_awarded=earned.xp, new_badges=earned.badges)


def mark(item: CourseItem, question: dict[str, Any], option: int) -> Marked:
    """An answer to one question of a quiz, with all that was kept back until now."""
    urls = {citation["n"]: citation["url"] for citation in item.citations}
    return Marked(
        question_id=UUID(question["id"]),
        correct=option == question["key"],
        correct_option=question["key"],
        explanation=question["explanation"],
        quote=question.get("quote"),
        source_url=urls.get(question.get("n")),
    )


def _marked(item: CourseItem, choices: Sequence[Choice]) -> tuple[Marked, ...]:
    if item.questions is None:
        raise NotAQuiz
    questions = {UUID(question["id"]): question for question in item.questions}
    wrong, seen = list[FieldError](), set[UUID]()
    for place, choice in enumerate(choices):
        pointer = f"#/answers/{place}/questionId"
        if choice.question_id not in questions:
            wrong.append(FieldError(pointer, "This quiz has no question with this id."))
        elif choice.question_id in seen:
            wrong.append(FieldError(pointer, "This question was answered above already."))
        seen.add(choice.question_id)
    if wrong:
        raise ValidationFailed(errors=wrong)
    return tuple(mark(item, questions[choice.question_id], choice.option) for choice in choices)
