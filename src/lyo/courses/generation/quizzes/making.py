"""Making the quiz of a lesson: drafts from the sources and from the model, judged, chosen and put in order."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lyo.courses.generation.asking import Desk
from lyo.courses.generation.quizzes.asking import ask_model
from lyo.courses.generation.quizzes.choosing import LEAST, Choice, choose
from lyo.courses.generation.quizzes.cloze import ask_for_terms
from lyo.courses.generation.quizzes.facts import ask_for_fact
from lyo.courses.generation.quizzes.figures import MOST_WORDS, ask_for_figures
from lyo.courses.generation.quizzes.lines import lines_of
from lyo.courses.generation.quizzes.naming import ask_for_definition, ask_for_name
from lyo.courses.generation.quizzes.pool import Pool
from lyo.courses.generation.quizzes.positions import places
from lyo.courses.generation.quizzes.reading import shortened
from lyo.courses.generation.quizzes.settling import settle
from lyo.courses.generation.quizzes.tempting import tempt
from lyo.courses.generation.quizzes.values import Draft, Line, Quiz, Taught
from lyo.courses.generation.values import Citation, CourseRequest, Level, Outline, Question, cite
from lyo.courses.generation.words import content_words

QUESTIONS: dict[Level, int] = {"beginner": 3, "intermediate": 4, "advanced": 5}

SPARE = 1
"""Questions more than are wanted that a chat model is asked for: some of its are refused."""


async def make_quiz(
    taught: Sequence[Taught],
    objective: str,
    outline: Outline,
    number: int,
    pool: Pool,
    request: CourseRequest,
    desk: Desk,
    *,
    said: str = "",
    reserves: Sequence[Sequence[Taught]] = (),
    asked: int | None = None,
) -> Quiz:
    """The quiz of lesson `number` (from 0): questions that ask what the lesson's text taught.

    As many as the level asks for; gaps are made where there is too little else to ask. Where the taught sentences
    carry fewer than three, the `reserves` are asked about too, in their order. `said` is the text itself: among
    questions of a kind, what it leaves out of the taught sentences is asked about last. `asked` is the number of
    questions that a chat model is asked for, by default one more than are wanted. Raises `ModelUnavailable`.
    """
    refusals: Counter[str] = Counter()
    choice = Choice(objective, outline.language, frozenset(content_words(said, outline.language)))
    wanted = QUESTIONS[request.level]
    lines = lines_of(taught)
    chosen = await ask_model(lines, wanted + SPARE if asked is None else asked, desk, refusals)
    chosen = await asyncio.to_thread(_filled, [], chosen, lines, wanted, choice, pool, refusals)
    for reserve in reserves:
        if len(chosen) < LEAST:
            spare = lines_of(reserve)
            chosen = await asyncio.to_thread(_filled, chosen, [], spare, LEAST, choice, pool, refusals)
            lines += spare
    if number:  # a learner waits for the first
        chosen = list(await asyncio.gather(*(tempt(draft, pool.passages, desk) for draft in chosen)))
    order = [line.quote for line in lines]
    chosen.sort(key=lambda draft: order.index(draft.line.quote))
    seed = f"{outline.title}\n{outline.language}\n{request.level}\n{outline.lessons[0].title}"
    dealt = places(seed, number * wanted, len(chosen))
    cited = list(dict.fromkeys(draft.line.passage.id for draft in chosen))
    questions: list[Question] = []
    for draft, place in zip(chosen, dealt, strict=True):
        question, _ = settle(draft, place, cited.index(draft.line.passage.id) + 1, pool.passages)
        if question is not None:
            questions.append(question)
    return Quiz(tuple(questions), _citations(chosen, cited), dict(refusals))


def _filled(
    chosen: Sequence[Draft],
    drafts: Sequence[Draft],
    lines: Sequence[Line],
    most: int,
    choice: Choice,
    pool: Pool,
    refusals: Counter[str],
) -> list[Draft]:
    """With the best of the drafts and of what code can ask about the lines; gaps last, which take longest to make."""
    filled = choose(chosen, [*drafts, *_plain(lines, pool)], most, choice, pool.passages, refusals)
    if len(filled) < most:
        filled = choose(filled, _gaps(lines, pool), most, choice, pool.passages, refusals)
    return filled


def _plain(lines: Sequence[Line], pool: Pool) -> list[Draft]:
    """Questions about what the sentences say of things, and about their figures."""
    found: list[Draft | None] = []
    for line in lines:
        found += [ask_for_name(line, pool), ask_for_definition(line, pool), ask_for_fact(line, pool)]
        if (short := _shortened(line, pool)) is not None:
            found += ask_for_figures(line, short)
    return [draft for draft in found if draft is not None]


def _gaps(lines: Sequence[Line], pool: Pool) -> list[Draft]:
    """Sentences with a name or a term taken out."""
    short = [_shortened(line, pool) for line in lines]
    return [draft for line in short if line is not None for draft in ask_for_terms(line, pool)]


def _shortened(line: Line, pool: Pool) -> Line | None:
    text = shortened(line.sentence, MOST_WORDS, pool.language)
    return None if text is None else replace(line, sentence=text)


def _citations(chosen: Sequence[Draft], cited: Sequence[str]) -> tuple[Citation, ...]:
    first = {draft.line.passage.id: draft.line for draft in reversed(chosen)}
    return tuple(
        cite(n, first[passage_id].passage, first[passage_id].quote) for n, passage_id in enumerate(cited, start=1)
    )
