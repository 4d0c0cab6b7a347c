"""Understanding what a learner asks for: the topic in a wish, and acronyms in the words of an encyclopedia."""

import re
import tomllib
from functools import cache
from importlib.resources import files

from lyo.courses.generation.languages import FALLBACK, language_data, supported_languages


def topic_of(wish: str, language: str) -> str:
    """The topic alone: `guitar` of `I want to learn guitar`; the whole wish where nothing would be left."""
    tidy = " ".join(wish.split())
    data = language_data(language if language in supported_languages() else FALLBACK)
    topic = re.sub(rf"^(?:{data.wish})(?:\s+|(?<='))(?=\w)", "", tidy, flags=re.IGNORECASE)
    return topic.strip(' .!?¿¡"') or tidy


def says_nothing(wish: str, language: str) -> bool:
    """Whether a wish names no topic: `I want to learn`, `something interesting`."""
    data = language_data(language if language in supported_languages() else FALLBACK)
    tidy = " ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", wish.casefold()))
    rest = re.sub(rf"^(?:{data.wish})(?:\s+|$)", "", tidy, flags=re.IGNORECASE)
    return all(word in data.vague for word in rest.split())


def expansions(phrase: str, language: str) -> tuple[str, ...]:
    """The names under which sources know `phrase`, the best first; empty where nothing is known of it."""
    known = _table().get(language, {})
    topic = topic_of(phrase, language).casefold()
    return known.get(topic) or next((found for found in known.values() if found[0] == topic), ())


def names(phrase: str, language: str) -> tuple[str, ...]:
    """What to search for, the best first: the expanded shorthand, or the topic as it is."""
    return expansions(phrase, language) or (topic_of(phrase, language),)


def proper_name(phrase: str, language: str) -> str:
    """How a course about `phrase` is called."""
    name = names(phrase, language)[0]
    return name[:1].upper() + name[1:]


@cache
def _table() -> dict[str, dict[str, tuple[str, ...]]]:
    raw = tomllib.loads((files("lyo.courses.generation") / "data" / "topics.toml").read_text("utf-8"))
    return {language: {key: tuple(known) for key, known in table.items()} for language, table in raw.items()}
