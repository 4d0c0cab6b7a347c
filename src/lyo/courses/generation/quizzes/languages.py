"""What the quiz makers know of each language: word lists, patterns and the wording of questions, kept as data."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict

from lyo.courses.generation.languages import Task


class QuizLanguage(BaseModel):
    """One language. Phrases hold `{names}` for `str.format`; patterns are regular expressions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    absolute_terms: frozenset[str]
    vague_terms: frozenset[str]
    negative_terms: frozenset[str]
    true_false: frozenset[str]
    interrogatives: frozenset[str]
    above: re.Pattern[str]
    """All or none of the above, in whatever words."""
    question: re.Pattern[str]
    """What a question looks like as a whole."""
    before_gap: re.Pattern[str]
    """An article before a gap that tells how the missing word begins; its group `article`."""
    telling_articles: dict[str, re.Pattern[str]]
    """For each such article, in lower case, how the word behind it must begin."""
    plural: re.Pattern[str]
    """The end of a plural, where the language shows it."""
    year_phrase: re.Pattern[str]
    """When something happened; its group `year`."""
    articles: frozenset[str]
    copulas: frozenset[str]
    plural_verbs: frozenset[str]
    past_copulas: frozenset[str]
    definite: re.Pattern[str]
    """What begins a definition behind its verb: a noun with its article."""
    verbs: frozenset[str]
    """Verbs, as they stand behind the subject of a sentence of an encyclopedia; `se` stands for the reflexive ones."""
    also: frozenset[str]
    """Adverbs that link a sentence to the one before it."""
    cuts: frozenset[str]
    """Words with which a part begins that a sentence can do without, behind a comma."""
    open_ends: frozenset[str]
    """Words after which something must follow."""
    possessives: frozenset[str]
    names_subject: re.Pattern[str]
    """How a question says what the sentence that it quotes is about."""
    deictics: frozenset[str]
    """Words that point at what another sentence said."""
    leads: frozenset[str]
    """First words of what leads up to the subject of a sentence: in 1964, after the war."""
    contractions: dict[str, str]
    """What two small words become where they meet."""
    pronouns: frozenset[str]
    """Pronouns that can be the subject of a sentence and stand for what its passage is about."""
    bare_endings: tuple[str, ...]
    """Endings of verbs with which a sentence can begin that leaves its subject out."""
    past_endings: tuple[str, ...]
    verb_endings: tuple[str, ...]
    """Endings that a noun hardly has and verbs or adverbs do."""
    people: frozenset[str]
    """What somebody is who has an article in an encyclopedia."""
    number_words: tuple[str, ...]
    """Small numbers in words, in their order."""
    century: re.Pattern[str]
    """A century; its group `number`, as it is written."""
    classes: tuple[tuple[str, ...], ...]
    """Names and terms of one kind and one grammar, each of which can stand in the place of another."""
    people_first: frozenset[str]
    """The same, where it is the first word: `político polaco`, but no `sistema político`."""
    frames: frozenset[str]
    """Words before a noun: articles and prepositions."""
    hollow: frozenset[str]
    """Nouns that stand for nothing by themselves: in order, an example, the form."""
    phrases: dict[str, str]
    phrases_about: dict[str, str]
    """The wordings that name what the sentence is about."""
    compose: Task


_WORDS = (
    "absolute_terms",
    "vague_terms",
    "negative_terms",
    "true_false",
    "interrogatives",
    "articles",
    "copulas",
    "plural_verbs",
    "past_copulas",
    "verbs",
    "also",
    "cuts",
    "open_ends",
    "pronouns",
    "possessives",
    "deictics",
    "leads",
    "people",
    "people_first",
    "frames",
    "hollow",
)


@cache
def quiz_language(language: str) -> QuizLanguage:
    """The data of `language`, one of `supported_languages()`; raises `FileNotFoundError` for another."""
    path = files("lyo.courses.generation.quizzes") / "data" / f"{language}.toml"
    raw: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    months = "|".join(raw.pop("months").split())
    raw["year_phrase"] = raw["year_phrase"].replace("{months}", months)
    for name in _WORDS:
        raw[name] = raw[name].split()
    raw["bare_endings"] = tuple(raw["bare_endings"].split())
    raw["past_endings"] = tuple(raw["past_endings"].split())
    raw["verb_endings"] = tuple(raw["verb_endings"].split())
    raw["number_words"] = raw["number_words"].split()
    raw["classes"] = [line.split(", ") for line in raw["classes"]]
    return QuizLanguage.model_validate(raw)
