"""From a draft to a question: three distractors with which it passes every gate, and the key in its place."""

from collections.abc import Iterator, Sequence
from itertools import combinations, islice, product

from lyo.courses.generation.quizzes.flaws import first_flaw
from lyo.courses.generation.quizzes.languages import quiz_language
from lyo.courses.generation.quizzes.options import LONGER, rank_of
from lyo.courses.generation.quizzes.values import Draft
from lyo.courses.generation.values import Question
from lyo.sources.protocol import Passage

DISTRACTORS = 3
MOST_TRIES = 60
"""Sets of three distractors that are tried before a draft is given up."""


def settle(draft: Draft, place: int, n: int, passages: Sequence[Passage]) -> tuple[Question | None, str]:
    """The question with its key at `place`, or None and the name of the gate that refused the first try.

    Numbers stand in their order: there `place` is the rank that the key gets where its distractors allow it.
    """
    flaw = ""
    for options in islice(_options(draft, place), MOST_TRIES):
        question = _question(draft, options, n)
        found = first_flaw(question, passages, draft.line.passage.language)
        if found is None:
            return question, ""
        flaw = flaw or found
    return None, flaw or ("longest_is_right" if len(draft.wrong) >= DISTRACTORS else "too_few_distractors")


def _question(draft: Draft, options: Sequence[str], n: int) -> Question:
    one, two, three, four = options
    passage, quote = draft.line.passage, draft.line.quote
    wording = quiz_language(passage.language).phrases["explanation"]
    return Question(
        prompt=draft.prompt,
        options=(one, two, three, four),
        key=options.index(draft.key),
        explanation=wording.format(title=passage.title, quote=quote),
        quote=quote,
        n=n,
        generated_by=draft.generated_by,
    )


def _options(draft: Draft, place: int) -> Iterator[list[str]]:
    if rank_of(draft.key, draft.line.passage.language) is not None:
        yield from _numeric(draft, place)
        return
    for wrong in combinations(draft.wrong, DISTRACTORS):
        if len(draft.key) > LONGER * max(len(text) for text in wrong):
            continue  # longest_is_right: no need to look any closer
        options = list(wrong)
        options.insert(place, draft.key)
        yield options


def _numeric(draft: Draft, place: int) -> Iterator[list[str]]:
    """Rising numbers with the key at `place`, or as near to it as there are smaller and greater ones."""
    language = draft.line.passage.language
    ranks = {text: rank_of(text, language) or 0.0 for text in (draft.key, *draft.wrong)}
    smaller = [text for text in draft.wrong if ranks[text] < ranks[draft.key]]
    greater = [text for text in draft.wrong if ranks[text] > ranks[draft.key]]
    for below in sorted(range(DISTRACTORS + 1), key=lambda below: abs(below - place)):
        for one, other in product(combinations(smaller, below), combinations(greater, DISTRACTORS - below)):
            yield sorted((*one, draft.key, *other), key=lambda text: ranks[text])
