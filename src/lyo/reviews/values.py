"""What crosses the border of this slice."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question, marked."""

    question_id: UUID
    option: int
    is_right: bool


@dataclass(frozen=True, slots=True)
class DueCard:
    """A question that is to be asked, or that was answered."""

    id: UUID
    item_id: UUID
    question_id: UUID
    due_at: datetime


@dataclass(frozen=True, slots=True)
class FirstAnswers:
    """How a quiz stands by the first answer to each of its questions."""

    new: frozenset[UUID]
    """The questions that were answered for the first time just now."""
    answered: int
    right: int
