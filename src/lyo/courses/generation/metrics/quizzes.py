"""Whether the questions are good ones, as far as rules can tell."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from lyo.courses.generation.metrics.reading import items_of, passages_by_url
from lyo.courses.generation.metrics.values import MetricUndefined, Verdict
from lyo.courses.generation.quizzes.flaws import flaws, item_flaws
from lyo.courses.generation.values import CourseDraft, ItemDraft, Question

LONG_KEY = 1.2
"""Length of the key over that of the longest distractor, in characters (Moore et al. 2023, arXiv 2307.08161)."""

LEAST_QUESTIONS = 20
"""For a χ² over four positions: five expected at each (Cochran 1954)."""


def judge_quizzes(course: CourseDraft) -> list[Verdict]:
    """Each quiz: none of its questions has a flaw."""
    verdicts: list[Verdict] = []
    for lesson, item in items_of(course, "quiz"):
        language = course.material.language
        found = sorted({flaw for question in item.questions for flaw in item_flaws(question, language)})
        prompts = " ".join(question.prompt for question in item.questions)
        verdicts.append(Verdict(lesson, "quiz", prompts, ", ".join(found) or None))
    return verdicts


def judge_questions(course: CourseDraft) -> list[Verdict]:
    """Each question has none of the item-writing flaws that rules find (Moore et al. 2023, arXiv 2307.08161)."""
    language = course.material.language
    return [
        Verdict(lesson, "question", _shown(question), ", ".join(item_flaws(question, language)) or None)
        for lesson, _, question in questions_of(course)
    ]


def judge_proofs(course: CourseDraft) -> list[Verdict]:
    """Each question is proved by its quote, which one of its sources has: the engine's own gates, beside the flaws."""
    language = course.material.language
    known = passages_by_url(course)
    verdicts: list[Verdict] = []
    for lesson, item, question in questions_of(course):
        passages = [known[citation.url] for citation in item.citations if citation.url in known]
        written = item_flaws(question, language)
        unproved = [flaw for flaw in flaws(question, passages, language) if flaw not in written]
        verdicts.append(Verdict(lesson, "question", _shown(question), ", ".join(unproved) or None))
    return verdicts


def judge_key_lengths(course: CourseDraft) -> list[Verdict]:
    """Each question: its key is not more than 20 % longer than the longest of the other options."""
    verdicts: list[Verdict] = []
    for lesson, _, question in questions_of(course):
        ratio = key_length_ratio(question)
        why = f"the key is {ratio:.2f} times as long as the longest distractor" if ratio > LONG_KEY else None
        verdicts.append(Verdict(lesson, "question", _shown(question), why))
    return verdicts


def long_keys(courses: Sequence[CourseDraft]) -> float:
    """The share of questions whose key is more than 20 % longer than the longest distractor; chance gives few."""
    verdicts = [verdict for course in courses for verdict in judge_key_lengths(course)]
    if not verdicts:
        raise MetricUndefined("there are no questions")
    return sum(not verdict.passes for verdict in verdicts) / len(verdicts)


def key_position_p(courses: Sequence[CourseDraft]) -> float:
    """How likely keys are to stand as unevenly as they do, if each position were as likely as the others: a χ² test."""
    return even_p([sum(counts) for counts in zip(*(key_positions(course) for course in courses), strict=True)])


def key_positions(course: CourseDraft) -> tuple[int, int, int, int]:
    """How many keys stand at each of the four places."""
    places = Counter(question.key for _, _, question in questions_of(course))
    return places[0], places[1], places[2], places[3]


def flaw_counts(course: CourseDraft) -> dict[str, int]:
    """How many questions have each flaw, by its name."""
    language = course.material.language
    found = Counter(flaw for _, _, question in questions_of(course) for flaw in item_flaws(question, language))
    return dict(sorted(found.items()))


def even_p(counts: Sequence[int]) -> float:
    """The p-value of the χ² test that four counts are from a uniform distribution; raises `MetricUndefined`."""
    total = sum(counts)
    if total < LEAST_QUESTIONS:
        raise MetricUndefined(f"a χ² test wants at least {LEAST_QUESTIONS} questions, and there are {total}")
    expected = total / 4
    return survival(sum((count - expected) ** 2 / expected for count in counts))


def survival(x: float) -> float:
    """How likely χ² with three degrees of freedom is to exceed `x`.

    It is the regularised upper gamma function Q(3/2, x/2), which has a closed form: erfc(√(x/2)) + √(2x/π)·e^(-x/2).
    """
    return math.erfc(math.sqrt(x / 2)) + math.sqrt(2 * x / math.pi) * math.exp(-x / 2)


def key_length_ratio(question: Question) -> float:
    """Length of the key over that of the longest distractor; infinite where the distractors are empty."""
    lengths = [len(option.strip()) for option in question.options]
    key = lengths.pop(question.key) if question.key in range(4) else 0
    return key / max(lengths) if max(lengths) else math.inf


def questions_of(course: CourseDraft) -> Iterator[tuple[int, ItemDraft, Question]]:
    """Every question, with its lesson from 1 and its quiz."""
    for lesson, item in items_of(course, "quiz"):
        for question in item.questions:
            yield lesson, item, question


def _shown(question: Question) -> str:
    options = " · ".join(
        f"{'✓ ' if place == question.key else ''}{option}" for place, option in enumerate(question.options)
    )
    return f"{question.prompt} — {options}"
