"""The baseline: the same model, asked for the whole course in one prompt, as somebody does who has no engine.

It gets an honest chance: a worked example for a base model, a JSON schema that its server enforces, as many tokens as
its window holds, up to three tries while it spends no more than the engine did, and a patient reader for what it
answers. It gets no retrieval, which is what makes it naive.

Measured on the small default model, a base model: without the schema it answers no JSON at all (4 of 4); with it, one
to three lessons, and then it hangs in white space, which the schema allows anywhere, or repeats itself.
"""

import json
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from lyo.courses.generation.languages import FALLBACK, language_of, supported_languages
from lyo.courses.generation.values import CourseRequest, Spent
from lyo.llm.protocol import Example, LanguageModel, ModelInfo, Prompt

TEMPERATURE = 0.7
"""Of many a client library when nothing is said. At 0 the small default model repeats itself."""

MOST_TOKENS = 6000
"""Of an answer; a course of the engine's own length has about 3,000."""

CHARACTERS_PER_TOKEN = 2.8
"""Of a prompt, at the least: measured 3.1 for the French example with Gemma's vocabulary."""

LEAST_LESSONS = 4

ENOUGH_TOKENS = 1500
"""With less room than that for the answer, the worked example is shortened to one lesson."""

STALLS = (
    "\n\n\n",
    "\r\n\r\n",
    *("\n" + " " * width + "\n" for width in range(1, 5)),
    "\t\t\t\t",
    " " * 20,
)
"""White space in which a small model hangs when the schema lets it end nowhere; strings of JSON have none of it."""

TRIES = 3
"""How often it is asked, while it has not answered with a whole course and has not spent what the engine spent."""


def _text(most: int) -> dict[str, object]:
    """A string of at most so many characters: without an end in sight a small model repeats itself in the first one."""
    return {"type": "string", "minLength": 1, "maxLength": most}


def _object(properties: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(of: Mapping[str, object], least: int, most: int) -> dict[str, object]:
    return {"type": "array", "items": dict(of), "minItems": least, "maxItems": most}


_QUESTION = _object(
    {
        "question": _text(160),
        "options": _list(_text(80), 4, 4),
        "answer": {"type": "integer", "enum": [0, 1, 2, 3]},
        "explanation": _text(200),
    }
)
_SOURCE = _object({"title": _text(80), "url": _text(120), "why": _text(160), "quote": _text(200)})
_LESSON = _object(
    {
        "title": _text(80),
        "objective": _text(160),
        "text": _text(1200),
        "sources": _list(_SOURCE, 1, 3),
        "quiz": _list(_QUESTION, 3, 5),
    }
)
SCHEMA = _object({"title": _text(80), "lessons": _list(_LESSON, 4, 6)})


class _Words(BaseModel):
    """The prompt in one language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instruction: str
    request_label: str
    answer_label: str
    request: str
    interests: str
    example_request: str
    example: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The best of what the model said, and what all tries cost. `seconds` are by the clock."""

    text: str
    spent: Spent
    seconds: float


async def ask_naively(
    request: CourseRequest, model: LanguageModel, *, budget: int, whole: Callable[[str], int]
) -> Answer:
    """The answer to one prompt; raises `LlmError`.

    `whole` says how many lessons an answer has. The prompt is sent again, with another seed, while that is less than a
    course has and what was spent is under `budget`, in tokens read and written.
    """
    info = await model.info()
    prompt = naive_prompt(request, info)
    began = time.monotonic()
    best, lessons, spent = "", -1, Spent()
    for seed in range(1, TRIES + 1):
        done = await model.write(prompt, max_tokens=room(prompt, info), temperature=TEMPERATURE, seed=seed, stop=STALLS)
        spent += Spent(
            calls=1,
            prompt_tokens=done.prompt_tokens,
            completion_tokens=done.completion_tokens,
            seconds=done.seconds,
        )
        found = whole(done.text)
        if found > lessons:
            best, lessons = done.text, found
        if lessons >= LEAST_LESSONS or spent.prompt_tokens + spent.completion_tokens >= budget:
            break
    return Answer(best, spent, time.monotonic() - began)


def naive_prompt(request: CourseRequest, info: ModelInfo) -> Prompt:
    """The prompt, in the language of the learner where there is one. A chat model is told; a base model is shown."""
    language = language_of(request.locale)
    words = _words()[language if language in supported_languages() else FALLBACK]
    wish = words.request.format(topic=request.topic, level=request.level)
    if request.interests:
        wish += words.interests.format(interests=", ".join(request.interests))
    prompt = Prompt(
        instruction=words.instruction.strip(),
        request=wish,
        examples=() if info.speaks_chat else (_example(words, None),),
        request_label=words.request_label,
        answer_label=words.answer_label,
        json_schema=SCHEMA,
    )
    if prompt.examples and room(prompt, info) < ENOUGH_TOKENS:
        return replace(prompt, examples=(_example(words, 1),))
    return prompt


def room(prompt: Prompt, info: ModelInfo) -> int:
    """How many tokens the window leaves for the answer, at most `MOST_TOKENS`."""
    said = [prompt.instruction, prompt.request, *(e.request + e.answer for e in prompt.examples)]
    if info.speaks_chat:
        said.append(json.dumps(SCHEMA))
    used = sum(map(len, said)) / CHARACTERS_PER_TOKEN + 32
    return max(256, min(MOST_TOKENS, int(info.context_tokens - used)))


def _example(words: _Words, lessons: int | None) -> Example:
    course = json.loads(words.example)
    course["lessons"] = course["lessons"][:lessons]
    return Example(words.example_request, json.dumps(course, ensure_ascii=False))


@cache
def _words() -> dict[str, _Words]:
    raw = tomllib.loads((files("lyo.evaluation") / "naive.toml").read_text("utf-8"))
    return {language: _Words.model_validate(words) for language, words in raw.items()}
