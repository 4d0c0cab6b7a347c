"""Questions by the model, where it has learned to follow instructions; every one is checked against its sentence.

A base model is not asked. The default one (Gemma 3, 270M) was given a sentence and the answer, and asked for the
question: of 58, code and the model itself (asked back) passed one; under a grammar of the sentence's own words four of
41, two of them nonsense. That is not worth a second of a course each.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

from lyo.courses.generation.asking import Desk
from lyo.courses.generation.gates import loops
from lyo.courses.generation.quizzes.distractors import apart
from lyo.courses.generation.quizzes.languages import QuizLanguage, quiz_language
from lyo.courses.generation.quizzes.values import Draft, Line
from lyo.courses.generation.words import content_words, flat, words

COMPOSED_TOKENS = 160
LEAST_SAID = 0.75
"""Of the content words of a question, the share that must be in the sentence that it is about."""

LEAST_CONTENT = 3

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["question", "answer", "wrong"],
    "properties": {
        "question": {"type": "string", "maxLength": 160},
        "answer": {"type": "string", "maxLength": 60},
        "wrong": {"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "string", "maxLength": 60}},
    },
}


async def ask_model(lines: Sequence[Line], most: int, desk: Desk, refusals: Counter[str]) -> list[Draft]:
    """Questions by the model about the first `most` lines, right as far as code can tell; raises `ModelUnavailable`."""
    if not desk.speaks_chat:
        return []
    made = await asyncio.gather(*(_compose(line, desk, refusals) for line in lines[:most]))
    return [draft for draft in made if draft is not None]


async def _compose(line: Line, desk: Desk, refusals: Counter[str]) -> Draft | None:
    """A question with its answers about one sentence."""
    data = quiz_language(line.passage.language)
    answer = await desk.ask(data.compose, line.sentence, max_tokens=COMPOSED_TOKENS, json_schema=SCHEMA)
    made = _parsed(answer)
    if made is None:
        refusals["schema"] += 1
        return None
    question, key, wrong = made
    if not is_sound(question, key, line, data):
        refusals["unsound_question"] += 1
        return None
    return Draft("model", question, key, apart(wrong, key, line.passage.language), line, "model", 1.0)


def is_sound(question: str, key: str, line: Line, data: QuizLanguage) -> bool:
    """Whether the sentence answers the question with the key, as far as words tell.

    It is one plain question, about what the sentence says and nothing else, and does not name the key.
    """
    language = line.passage.language
    asked, said = content_words(question, language), set(content_words(line.sentence, language))
    plain = bool(data.question.search(question)) and question.count("?") == 1 and not loops(question)
    own = [word for word in asked if word not in said]
    about = len(asked) >= LEAST_CONTENT and len(own) <= (1 - LEAST_SAID) * len(asked)
    named = set(content_words(key, language)) & set(asked)
    found = f" {flat(key)} " in f" {flat(line.sentence)} "
    begins = next(iter(words(question)), "") in data.interrogatives | data.leads
    return plain and begins and about and found and not named


def _parsed(answer: str) -> tuple[str, str, list[str]] | None:
    try:
        read: object = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict):
        return None
    made = cast("dict[str, object]", read)
    question, key, wrong = made.get("question"), made.get("answer"), made.get("wrong")
    if not isinstance(question, str) or not isinstance(key, str) or not isinstance(wrong, list):
        return None
    others = [text.strip() for text in cast("list[object]", wrong) if isinstance(text, str)]
    return question.strip(), key.strip(), others
