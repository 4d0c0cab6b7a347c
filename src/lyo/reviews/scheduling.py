"""When a question is asked again: the Free Spaced Repetition Scheduler, by its authors' own library.

A right answer counts as `Good` and a wrong one as `Again`: a learner who picks one of four options tells no more. A
question that was answered wrongly comes back after ten minutes, one that was answered rightly after a day at least.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from fsrs import Card, Rating, Scheduler, State

SOON: Final = timedelta(minutes=10)
_SCHEDULER: Final = Scheduler(
    learning_steps=(SOON,),
    relearning_steps=(SOON,),
    enable_fuzzing=False,  # the same answers give the same days, on every machine and in every repetition
)
_ANY: Final = 1
"""Without an id a card sleeps until the clock gives it one."""


@dataclass(frozen=True, slots=True)
class Memory:
    """How well a learner knows something, in the terms of FSRS."""

    state: int
    step: int | None
    stability: float
    """The days after which it is known with a probability of 90 %."""
    difficulty: float
    """From 1 to 10."""
    due_at: datetime
    last_answered_at: datetime


def after_answer(memory: Memory | None, *, is_right: bool, at: datetime) -> Memory:
    """What is known after an answer; `memory` is None before the first. An answer is never before the one before."""
    card = Card(card_id=_ANY)
    if memory is not None:
        at = max(at, memory.last_answered_at)
        card = Card(
            card_id=_ANY,
            state=State(memory.state),
            step=memory.step,
            stability=memory.stability,
            difficulty=memory.difficulty,
            due=memory.due_at.astimezone(UTC),
            last_review=memory.last_answered_at.astimezone(UTC),
        )
    card, _ = _SCHEDULER.review_card(card, Rating.Good if is_right else Rating.Again, at.astimezone(UTC))
    assert card.stability is not None
    assert card.difficulty is not None
    return Memory(
        state=int(card.state),
        step=card.step,
        stability=card.stability,
        difficulty=card.difficulty,
        due_at=card.due,
        last_answered_at=at,
    )
