"""Cloze questions: a name or a term is taken out of a taught sentence."""

from lyo.courses.generation.quizzes.distractors import apart, classmates, people, terms_like
from lyo.courses.generation.quizzes.figures import GAP, MOST_WORDS, gap_prompt
from lyo.courses.generation.quizzes.languages import quiz_language
from lyo.courses.generation.quizzes.pool import Pool
from lyo.courses.generation.quizzes.terms import Term, family, terms_of
from lyo.courses.generation.quizzes.values import Draft, Line
from lyo.courses.generation.words import content_words, flat, words

LEAST_WORDS = 7

LEAST_CLOSE = 0.1
"""Similarity to the key of a distractor that is of no class with it: below, nobody believes it."""

LEAST_BEFORE = 3
"""Words before a gap: `In […], …` has nothing to go by."""


def ask_for_terms(line: Line, pool: Pool) -> list[Draft]:
    """A question for each term of the sentence that can be missed, the most telling first."""
    sentence = line.sentence
    if not LEAST_WORDS <= len(words(sentence)) <= MOST_WORDS or any(mark in sentence for mark in '“”«»"'):
        return []
    terms = [term for term in terms_of(sentence, pool.language, pool.known) if _can_be_missed(term, line, pool)]
    return [_draft(term, line, pool) for term in terms]


def _draft(term: Term, line: Line, pool: Pool) -> Draft:
    gapped = f"{line.sentence[: term.start]}{GAP}{line.sentence[term.end :]}".rstrip(" .")
    wording = "gap_name" if term.is_name else "gap_one" if len(term.text.split()) == 1 else "gap_more"
    fellows = classmates(term, line.sentence, pool) or (
        people(term.text, line.quote, pool) if _is_person(term, pool) else []
    )
    wrong = [text for text in fellows or terms_like(term, line.sentence, pool) if _fits(text, gapped, pool.language)]
    plain = not fellows and (term.is_name or not term.is_topical)
    if not fellows:
        wrong = [text for text in wrong if pool.wordings.closeness(term.text, text) >= LEAST_CLOSE]
    close = sum(pool.wordings.closeness(term.text, text) for text in wrong[:3]) if not fellows else 0.0
    return Draft(
        kind="word" if plain else "term",
        prompt=gap_prompt(line, wording, gapped),
        key=term.text,
        wrong=apart(wrong, term.text, pool.language),
        line=line,
        merit=(0.8 if fellows else 0.0)
        + (0.5 if term.is_topical else 0.0)
        + 0.2 * term.start / len(line.sentence)
        + close,
        begun=line.sentence[: term.start].rstrip(),
    )


def _can_be_missed(term: Term, line: Line, pool: Pool) -> bool:
    """Whether the rest of the sentence and the title of its passage do not say the term again."""
    if len(words(line.sentence[: term.start])) < LEAST_BEFORE:
        return False
    rest = f"{line.sentence[: term.start]} {line.sentence[term.end :]}"
    said = family(term.text, pool.language)
    again = said & (family(rest, pool.language) | family(line.passage.title, pool.language))
    return (
        bool(content_words(term.text, pool.language)) and not again and f" {flat(term.text)} " not in f" {flat(rest)} "
    )


def _is_person(term: Term, pool: Pool) -> bool:
    """Whether the term is somebody: known from the sources, or called by a profession."""
    called = term.before in quiz_language(pool.language).people and len(term.text.split()) > 1
    return called or any(concept.is_person and concept.name == term.text for concept in pool.concepts)


def _fits(text: str, gapped: str, language: str) -> bool:
    """Whether the article before the gap can stand before `text`."""
    data = quiz_language(language)
    match = data.before_gap.search(gapped)
    return match is None or bool(data.telling_articles[match["article"].casefold().strip(" '’")].match(text.casefold()))
