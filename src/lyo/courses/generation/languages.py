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
    vague: frozenset[str]
    """Words that name no topic."""
    connectives: frozenset[str]
    """Words that say how two things hang together: because, before, against."""
    copulas: frozenset[str]
    hedges: frozenset[str]
    """Words that say how surely, how often or of how many something is true."""
    joiners: frozenset[str]
    """Words that join the last item to a list, or a clause to another."""
    asides: frozenset[str]
    """Words that begin an aside which no mark sets off: `although`; `such_as` is two words."""
    clauses: frozenset[str]
    """Words that begin a clause which needs a verb of its own: `by_which`."""
    complements: frozenset[str]
    """Words that begin what a sentence cannot do without: `from one, in some algae, up to a hundred`."""
    indefinite: frozenset[str]
    """The indefinite articles."""
    verbs: frozenset[str]
    """Finite verbs beside the copulas: enough to tell a sentence from a subject."""
    verb_endings: frozenset[str]
    participle_endings: frozenset[str]
    """Of words that look like verbs and make no sentence."""
    openers: frozenset[str]
    """First words of what only leads up to a sentence: `in 1964, …`."""
    droppable: frozenset[str]
    """Those that begin a place, a time or a field, without which a sentence is still true."""
    opening_endings: frozenset[str]
    """Endings of such words: `-ed`, `-ing`, `-ly`."""
    phrases: dict[str, str]
    reasons: dict[str, str]
    """What a model is told of a gate that refused its text, by the gate's name."""
    temperatures: tuple[float, ...]
    """For each try at something: the first takes the likeliest words, the second looks elsewhere."""
    write: Task
    explain: Task
    plan: Task


_WORD_LISTS = (
    "stop_words",
    "dangling",
    "negations",
    "connectives",
    "copulas",
    "hedges",
    "joiners",
    "vague",
    "asides",
    "clauses",
    "complements",
    "indefinite",
    "verbs",
    "verb_endings",
    "participle_endings",
    "openers",
    "droppable",
    "opening_endings",
)


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
