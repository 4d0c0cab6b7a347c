"""Understanding what a learner asks for: acronyms and vague topics, in the words of an encyclopedia."""

import tomllib
from functools import cache
from importlib.resources import files


def expansions(phrase: str, language: str) -> tuple[str, ...]:
    """The names under which sources know `phrase`, the best first; empty where it is no known shorthand."""
    key = " ".join(phrase.casefold().split()).strip(" .!?")
    return _table().get(language, {}).get(key, ())


def proper_name(phrase: str, language: str) -> str:
    """How a course about `phrase` is called: the expanded shorthand, or what the learner wrote, tidied."""
    tidy = " ".join(phrase.split())
    names = expansions(phrase, language)
    name = names[0] if names else tidy
    return name[:1].upper() + name[1:]


@cache
def _table() -> dict[str, dict[str, tuple[str, ...]]]:
    raw = tomllib.loads((files("lyo.courses.generation") / "data" / "topics.toml").read_text("utf-8"))
    return {language: {key: tuple(names) for key, names in table.items()} for language, table in raw.items()}
