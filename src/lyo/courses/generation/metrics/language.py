"""Which language an item is in, by a detector that shares nothing with the engine's own gate.

py3langid (langid.py by Lui and Baldwin, ACL 2012). Measured on the library's sentences of at least 12 words, 1,330 for
each of en, es, fr: 2 taken for another language; of 8 to 11 words: 3 of 386.
"""

from functools import lru_cache
from typing import Any, cast

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from lyo.courses.generation.metrics.reading import items_of, prose
from lyo.courses.generation.metrics.values import Verdict
from lyo.courses.generation.values import CourseDraft, ItemDraft
from lyo.courses.generation.words import words

LANGUAGES = ("en", "fr", "es", "de", "it", "pt", "nl", "ca", "sv", "pl", "ro", "la", "ru", "zh", "ja", "ar")
"""What it chooses from. Of all its 140 it takes one Spanish sentence of seven for Aragonese or Extremaduran."""

LEAST_WORDS = 8
"""Of an item, with which it is judged; shorter ones are names and titles."""


def judge_languages(course: CourseDraft) -> list[Verdict]:
    """Each item that is long enough is in the language of the course."""
    wanted = course.material.language
    verdicts: list[Verdict] = []
    for lesson, item in items_of(course):
        text = written(item)
        if len(words(text)) >= LEAST_WORDS:
            found = detect(text)
            verdicts.append(Verdict(lesson, item.type, text, None if found == wanted else f"is {found}, not {wanted}"))
    return verdicts


def written(item: ItemDraft) -> str:
    """What an item says to the learner, without the words of others that it quotes."""
    if item.type == "quiz":
        parts = [text for q in item.questions for text in (q.prompt, *q.options, q.explanation)]
        return "\n".join(parts)
    return prose(item.content or "") if item.type == "text" else item.content or ""


def detect(text: str) -> str:
    """The likeliest of `LANGUAGES`, as ISO 639-1."""
    language, _ = _detector().classify(text)
    return str(language)


@lru_cache(maxsize=1)
def _detector() -> Any:
    """One for the process: it takes half a second and 100 MB, and reading from it changes nothing."""
    detector: Any = cast("Any", LanguageIdentifier).from_model_file(MODEL_FILE)
    detector.set_languages(LANGUAGES)
    return detector
