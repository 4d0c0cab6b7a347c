"""Which of many drafts become the quiz: the best, about different sentences, of different kinds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lyo.courses.generation.quizzes.settling import settle
from lyo.courses.generation.quizzes.values import Draft, Kind
from lyo.courses.generation.words import content_words, flat, similarity
from lyo.sources.protocol import Passage

WORTH: dict[Kind, float] = {
    "model": 4.0,
    "named": 3.0,
    "definition": 3.2,
    "fact": 2.4,
    "year": 2.9,
    "term": 1.6,
    "number": 2.2,
    "word": 0.0,
}
"""How good the kinds are beside each other; a draft's own merit is added."""

AGAIN = 1.0
"""What another question of a kind, or of a passage, that the quiz has already is worth less."""

UNSAID = 2.0
"""What a question is worth less whose answer the lesson's text leaves out, though its source has it."""

LEAST = 3
"""Questions of a quiz, where its sources carry as many."""

ALIKE = 0.6
"""Similarity of two questions from which on they are one."""

_CRUDE = ("not", "except", "false", "true", "oppose", "without")
"""Letters in which a crude checker of questions sees a negation, as in `another`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be chosen."""

    objective: str
    language: str
    said: frozenset[str] = frozenset()
    """The content words of the lesson's text; empty where it says all that its sources say."""


def choose(
    chosen: Sequence[Draft],
    drafts: Sequence[Draft],
    most: int,
    choice: Choice,
    passages: Sequence[Passage],
    refusals: Counter[str],
) -> list[Draft]:
    """What is `chosen` already, and the best of the sound drafts until they are `most`."""
    return _chosen(_sound(drafts, passages, refusals), chosen, choice, most)


def _sound(drafts: Sequence[Draft], passages: Sequence[Passage], refusals: Counter[str]) -> list[Draft]:
    sound: list[Draft] = []
    for draft in drafts:
        question, flaw = settle(draft, 0, 1, passages)
        if question is None:
            refusals[flaw] += 1
        else:
            sound.append(draft)
    return sound


def _chosen(sound: Sequence[Draft], already: Sequence[Draft], choice: Choice, most: int) -> list[Draft]:
    chosen = list(already)
    for may_share, fill in ((False, False), (True, False), (False, True)):
        # A sentence is asked about twice, and any word is asked for, only where these drafts have too little else.
        wanted = min(LEAST, most) if fill else most
        rest = [draft for draft in sound if draft not in chosen and (draft.kind == "word") == fill]
        while rest and len(chosen) < wanted:
            best = max(rest, key=lambda draft: _worth(draft, chosen, choice))
            rest.remove(best)
            if not any(_is_like(best, other, choice.language, may_share=may_share) for other in chosen):
                chosen.append(best)
    return chosen


def _worth(draft: Draft, chosen: Sequence[Draft], choice: Choice) -> float:
    aim = set(content_words(choice.objective, choice.language))
    said = set(content_words(f"{draft.prompt} {draft.key}", choice.language))
    served = len(aim & said) / len(aim) if aim else 0.0
    kinds = sum(other.kind == draft.kind for other in chosen)
    passages = sum(other.line.passage.id == draft.line.passage.id for other in chosen)
    crude = any(letters in draft.prompt.casefold() for letters in _CRUDE)
    unsaid = bool(choice.said) and not set(content_words(draft.key, choice.language)) <= choice.said
    return WORTH[draft.kind] + draft.merit + 0.5 * served - AGAIN * (kinds + crude) - 0.3 * passages - UNSAID * unsaid


def _is_like(one: Draft, other: Draft, language: str, *, may_share: bool) -> bool:
    """Whether two ask the same, or about one sentence; where they may share it, whether one gives the other away."""
    if one.line.quote == other.line.quote and (not may_share or _gives_away(one, other) or _gives_away(other, one)):
        return True
    if one.key.casefold() == other.key.casefold():
        return True
    prompts = [content_words(draft.prompt, language) for draft in (one, other)]
    return similarity(*prompts) >= ALIKE


def _gives_away(one: Draft, other: Draft) -> bool:
    return f" {flat(other.key)} " in f" {flat(one.prompt)} {flat(one.key)} "
