"""What the makers of questions hand to each other."""

from dataclasses import dataclass
from typing import Literal

from lyo.courses.generation.values import Citation, GeneratedBy, Question
from lyo.sources.protocol import Passage

Kind = Literal["named", "definition", "fact", "year", "number", "term", "word", "model"]


@dataclass(frozen=True, slots=True)
class Taught:
    """A sentence of a source that a lesson's text used; `quote` stands verbatim in the passage."""

    passage: Passage
    quote: str


@dataclass(frozen=True, slots=True)
class Line:
    """One taught sentence."""

    passage: Passage
    quote: str
    """Verbatim in the passage: the sentence, with the one before it where it leans on that."""
    sentence: str
    """The sentence without what stands in brackets; a pronoun that it began with is replaced."""
    about: str | None = None
    """The title of the passage, where a pronoun stands for it that nothing replaces: a question must name it."""


@dataclass(frozen=True, slots=True)
class Quiz:
    """The questions of a lesson, none where its sources carry none."""

    questions: tuple[Question, ...]
    citations: tuple[Citation, ...]
    """Of the passages that the questions are about; `Question.n` counts these from 1."""
    refusals: dict[str, int]
    """How often each gate refused a draft, by the gate's name."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question without its options in order."""

    kind: Kind
    prompt: str
    key: str
    wrong: tuple[str, ...]
    """Distractors, the best first; at least three of them, or there is no question."""
    line: Line
    generated_by: GeneratedBy = "extractive"
    merit: float = 0.0
    """How good a question it makes beside others of its kind; more is better."""
    begun: str = ""
    """The sentence up to its gap, where the gap is a name or a term."""
