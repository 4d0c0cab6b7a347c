"""The gates of a question: the item-writing flaws that rules can find, and whether its source proves it.

`ITEM_FLAWS` follow Moore et al., Assessing the Quality of Multiple-Choice Questions (arXiv 2307.08161), as far as
rules alone decide them: they need no source, so any question can be judged by them. `PROOF_FLAWS` are ours.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from lyo.courses.generation.quizzes import options, proof, stems
from lyo.courses.generation.quizzes.judged import Judged
from lyo.sources.protocol import Passage

OPTIONS = 4

ITEM_FLAWS: tuple[Callable[[Judged], bool], ...] = (
    stems.asks_nothing,
    stems.is_unclear,
    stems.is_negative,
    stems.is_verbose,
    stems.has_blank,
    stems.asks_true_or_false,
    options.all_or_none_of_the_above,
    options.true_or_false_options,
    options.combined_options,
    options.absolute_terms,
    options.vague_terms,
    options.longest_is_right,
    options.lost_sequence,
    options.word_repeats,
    options.grammatical_cue,
    options.convergence_cue,
    options.logical_cue,
    options.implausible_distractor,
    options.more_than_one_right,
)

PROOF_FLAWS: tuple[Callable[[Judged], bool], ...] = (
    proof.unsafe_text,
    proof.wrong_length,
    proof.wrong_language,
    proof.quote_not_verbatim,
    proof.key_not_in_quote,
    proof.distractor_in_quote,
    proof.answer_in_prompt,
    proof.invented_number,
    proof.explanation_without_quote,
)


class QuestionLike(Protocol):
    """Anything that asks, offers options and says which of them is right."""

    @property
    def prompt(self) -> str:
        """What is asked."""
        ...

    @property
    def options(self) -> Sequence[str]:
        """What is offered."""
        ...

    @property
    def key(self) -> int:
        """The place of the right option, from 0."""
        ...

    @property
    def explanation(self) -> str:
        """Why it is right."""
        ...

    @property
    def quote(self) -> str:
        """What proves it, verbatim in a passage."""
        ...


def first_flaw(question: QuestionLike, passages: Sequence[Passage], language: str) -> str | None:
    """The name of the first gate that refuses `question`, or None when it may be published."""
    return next(_flaws(question, passages, language, ITEM_FLAWS + PROOF_FLAWS), None)


def flaws(question: QuestionLike, passages: Sequence[Passage], language: str) -> list[str]:
    """The names of all gates that refuse `question`: those of the item, then those of its proof."""
    return list(_flaws(question, passages, language, ITEM_FLAWS + PROOF_FLAWS))


def item_flaws(question: QuestionLike, language: str) -> list[str]:
    """The names of the item-writing flaws alone, which need no source: for any maker's questions."""
    return list(_flaws(question, (), language, ITEM_FLAWS))


def is_malformed(question: QuestionLike) -> bool:
    """Not four options with one key among them, or something empty."""
    count = len(question.options)
    said = all(text.strip() for text in (question.prompt, *question.options))
    return count != OPTIONS or not 0 <= question.key < count or not said


def _flaws(
    question: QuestionLike, passages: Sequence[Passage], language: str, gates: Sequence[Callable[[Judged], bool]]
) -> Iterator[str]:
    """The names of those of `gates` that refuse the question, each found only when it is asked for."""
    if is_malformed(question):
        yield is_malformed.__name__
        return
    judged = Judged(
        prompt=question.prompt,
        options=tuple(question.options),
        key=question.key,
        explanation=question.explanation,
        quote=question.quote,
        language=language,
        passages=tuple(passages),
    )
    yield from (gate.__name__ for gate in gates if gate(judged))
