"""What no course is made about: topics that ask how to harm somebody.

A learner may study the history of a weapon, the ethics of a drug, the prevention of a suicide. Refused is the asking
for the means: an act (`make`, `get`) together with a thing (`bomb`), and what is never a topic. Rules and words are
data, in every language at once, because a topic need not be in the language of its locale.
"""

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

_DISGUISES = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s"})
"""Digits and signs that stand for letters inside a word."""


class _Danger(BaseModel):
    """One kind of harm."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    acts: tuple[str, ...] = ()
    """Stems of what is done; none means that the thing alone is refused."""
    things: tuple[str, ...]
    """Stems or phrases of what it is done to or with."""


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    study: tuple[str, ...]
    """Stems that say that something is studied, or fought, and not done."""
    dangers: dict[str, _Danger]


def is_unsafe(topic: str) -> bool:
    """Whether `topic`, or an interest, asks for the means to harm."""
    text = _plain(topic)
    rules = _rules()
    studied = _has(text, rules.study)
    for danger in rules.dangers.values():
        if _has(text, danger.things) and (not danger.acts or (not studied and _has(text, danger.acts))):
            return True
    return False


def _has(text: str, stems: tuple[str, ...]) -> bool:
    return any(re.search(_pattern(stem), text) for stem in stems)


def _pattern(stem: str) -> str:
    whole = stem.removesuffix("|")
    return rf"(?<!\w){re.escape(whole)}" + (r"(?!\w)" if whole != stem else "")


def _plain(text: str) -> str:
    """Without accents, case, disguises and marks: `Bömb` and `b0mb` are bombs."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    spoken = re.sub(r"(?<=[a-z])[0-9@$]+(?=[a-z])", lambda found: found.group().translate(_DISGUISES), bare)
    return " ".join(re.findall(r"[^\W_]+", spoken))


@cache
def _rules() -> _Rules:
    path = files("lyo.courses.generation") / "data" / "safety.toml"
    return _Rules.model_validate(tomllib.loads(path.read_text("utf-8")))
