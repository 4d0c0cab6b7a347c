"""What the engine knows of each language it writes: words, phrases and worked examples, kept as data."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict

from lyo.llm.protocol import Example

FALLBACK = "en"


class Task(BaseModel):
    """How one thing is asked of a model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instruction: str
    request_label: str
    answer_label: str
    examples: tuple[Example, ...]


class LanguageData(BaseModel):
    """One language. Phrases hold `{names}` for `str.format`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    stop_words: frozenset[str]
    dangling: frozenset[str]
    """First words of sentences that lean on the sentence before them."""
    negations: frozenset[str]
    wish: str
    """A pattern of what stands before a topic in a wish: `I want to learn`, `an introduction to`."""
    connectives: frozenset[str]
    """Words that say how two things hang together: because, before, against."""
    copulas: frozenset[str]
    hedges: frozenset[str]
    """Words that say how surely, how often or of how many something is true."""
    phrases: dict[str, str]
    temperatures: tuple[float, ...]
    """For each try at a sentence of this language: the less of it the small model has read, the cooler."""
    shorten: Task
    explain: Task
    entitle: Task


_WORD_LISTS = ("stop_words", "dangling", "negations", "connectives", "copulas", "hedges")


@cache
def language_data(language: str) -> LanguageData:
    """The data of `language`, one of `supported_languages()`; raises `KeyError` for another."""
    if language not in supported_languages():
        raise KeyError(language)
    raw: dict[str, Any] = tomllib.loads(
        (files("lyo.courses.generation") / "data" / f"{language}.toml").read_text("utf-8")
    )
    for name in _WORD_LISTS:
        raw[name] = raw[name].split()
    return LanguageData.model_validate(raw)


@cache
def supported_languages() -> frozenset[str]:
    """The languages in which courses are written."""
    names = (item.name for item in (files("lyo.courses.generation") / "data").iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if len(name) == len("en.toml"))


def language_of(locale: str) -> str:
    """The language of a BCP 47 tag, in lower case: `fr` of `fr-CA` and `fr_FR`."""
    return locale.replace("_", "-").partition("-")[0].casefold()
