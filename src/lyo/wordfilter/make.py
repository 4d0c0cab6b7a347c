"""Makes `refused.txt` anew: `python -m lyo.wordfilter.make FOLDER`; `README.md` has the rules and the needs."""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from lyo.sources.library.bundle import LANGUAGES, read_bundle
from lyo.wordfilter.finding import WordFilter, normal

_RATED: Final = {"en": ("index",), "es": ("es",), "fr": ("fr",), "it": ("it",), "pt": ("pt", "pt-pt"), "": ("ar-latn",)}
"""The files of cuss for each language. Arabic in Latin letters has no code and no frequencies."""
_UNRATED: Final = ("ar", "cs", "da", "de", "fa", "fi", "fil", "hi", "hu", "nl", "no", "pl", "ru", "sv", "tr")
"""The other languages of naughty-words that put spaces between words and have frequencies."""
_FREQUENCIES: Final = {"no": "nb"}
"""Where wordfreq has another code."""
_PLATFORM: Final = ("en", "es", "fr")

_ENTRY: Final = re.compile(r"^  (?:'((?:[^'\\]|\\.)*)'|\"([^\"]*)\"|(\w+)): ([012]),?$", re.MULTILINE)
_WORDS: Final = re.compile(r"[^\W_]+")

_SURE, _DOUBTFUL, _UNKNOWN = 2, 1, -1
_SHORTEST: Final = 3
_STEM: Final = 4
_FAMILY: Final = 3
_MOST_DOCUMENTS: Final = 2
_RARER: Final = 4
"""How many times as rare as in the language as a whole an obscenity is in an encyclopedia, at least."""
_RARE: Final = 3.0
_RARE_UNRATED: Final = 2.5
"""Zipf's scale, the logarithm of how often a word stands in a milliard: three is one in a million."""

_TAUGHT: Final = frozenset(
    {
        *("\u0441\u0435\u043a\u0441", "orgasmus", "anale", "prostituta", "prostitute", "travesti", "tanga"),
        *("hijra", "shylock", "shylocks", "mau mau", "mau maus", "coolie", "coolies", "hajji", "hajjis"),
        *("cock", "pansies", "pansy", "smut", "orate", "pud", "whiz", "zippy", "mamey", "paska", "dtc", "ntm"),
        *("usama", "mussa", "pippa"),
        *("cul", "peler", "homar", "marha", "palle", "sik"),
    }
)
"""By hand, since nothing that is measured here tells that they are ordinary somewhere: words of the body, of health and
for people; of history, books and nature; names; and what has another meaning in another language."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    language: str
    word: str
    rating: int
    listed_twice: bool


def _cuss(folder: Path, name: str) -> dict[str, int]:
    found = _ENTRY.findall((folder / "cuss" / f"{name}.js").read_text(encoding="utf-8"))
    return {
        _spelt((single or double or bare).replace("\\'", "'")): int(rating) for single, double, bare, rating in found
    }


def _listed(folder: Path, language: str) -> set[str]:
    path = folder / "naughty-words" / f"{language}.json"
    return {_spelt(word) for word in json.loads(path.read_text(encoding="utf-8"))} if path.exists() else set()


def _spelt(entry: str) -> str:
    return " ".join(_WORDS.findall(normal(entry)))


def _candidates(folder: Path) -> Iterator[_Candidate]:
    for language, names in _RATED.items():
        second = _listed(folder, language)
        for name in names:
            for word, rating in _cuss(folder, name).items():
                yield _Candidate(language, word, rating, word in second)
                if language == "en" and rating == _SURE and word in second and not word.endswith(("s", "ing")):
                    yield _Candidate(language, f"{word}s", rating, listed_twice=True)
    translated = json.loads((folder / "washyourmouthoutwithsoap" / "data" / "build.json").read_text(encoding="utf-8"))
    for language in _UNRATED:
        second = set(map(_spelt, translated.get(language, [])))
        for word in _listed(folder, language):
            yield _Candidate(language, word, _UNKNOWN, word in second)


class _Rules:
    """What is known of all candidates, to judge each by."""

    def __init__(self, candidates: Iterable[_Candidate]) -> None:
        self.all = [one for one in candidates if len(one.word.replace(" ", "")) >= _SHORTEST and not one.word.isdigit()]
        frequencies = import_module("wordfreq")  # not among our dependencies: only this needs it
        self._zipf: Callable[[str, str], float] = frequencies.zipf_frequency
        spaced = set(frequencies.available_languages()) - {"ja", "ko", "zh"}
        self._languages: tuple[str, ...] = tuple(sorted(spaced))
        self._documents, self._length = _counted({one.word for one in self.all})
        self._heads = {
            (one.language, one.word)
            for one in self.all
            if one.listed_twice and len(one.word) >= _STEM and (one.rating == _SURE or self._breeds(one))
        }

    def admits(self, one: _Candidate) -> bool:
        documents, confirmed = self._documents[one.word], one.listed_twice or self._is_compound(one)
        if one.word in _TAUGHT or documents > self._allowed(one, confirmed=confirmed):
            return False
        if self._is_ordinary_elsewhere(one, confirmed=confirmed):
            return False
        if one.rating == _DOUBTFUL:
            return one.listed_twice and (self._breeds(one) or self._is_compound(one))
        if one.rating == _UNKNOWN:
            return confirmed or self._is_of_a_family(one) or self._is_rare(one, _RARE_UNRATED)
        return one.rating == _SURE and (confirmed or self._is_rare(one, _RARE))

    def _allowed(self, one: _Candidate, *, confirmed: bool) -> float:
        """In how many of our articles it may stand: fewer than if they were like the rest of what is written."""
        if one.rating != _SURE or not confirmed:
            return 0
        expected = self._length.get(one.language, 0) * 10 ** (self._own(one) - 9)
        return min(_MOST_DOCUMENTS, expected / _RARER)

    def _is_rare(self, one: _Candidate, limit: float) -> bool:
        return max(self._own(one), *(self._zipf(one.word, language) for language in _PLATFORM)) < limit

    def _is_compound(self, one: _Candidate) -> bool:
        ends = (one.word[:n] for n in range(_STEM, len(one.word)))
        begins = (one.word[n:] for n in range(1, len(one.word) - _STEM + 1))
        return any((one.language, part) in self._heads for part in (*ends, *begins))

    def _breeds(self, one: _Candidate) -> bool:
        others = (other.word for other in self._of(one) if other.rating == _SURE and other.word != one.word)
        return sum(other.startswith(one.word) or other.endswith(one.word) for other in others) >= _FAMILY

    def _is_of_a_family(self, one: _Candidate) -> bool:
        stem = one.word[:_STEM]
        return len(stem) >= _SHORTEST and sum(other.word.startswith(stem) for other in self._of(one)) >= _FAMILY

    def _of(self, one: _Candidate) -> Iterator[_Candidate]:
        return (other for other in self.all if other.language == one.language)

    def _own(self, one: _Candidate) -> float:
        return self._zipf(one.word, _FREQUENCIES.get(one.language, one.language)) if one.language else 0.0

    def _is_ordinary_elsewhere(self, one: _Candidate, *, confirmed: bool) -> bool:
        if " " in one.word:
            return False
        own = max(self._own(one), _RARE - 1)
        far = max(self._zipf(one.word, language) for language in self._languages)
        near = max(self._zipf(one.word, language) for language in _PLATFORM)
        return far - own >= (2 if confirmed else 1) or near - own >= 1


def _counted(words: set[str]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """In how many articles of the bundled encyclopedia each word is found, disguises and all; its words by language."""
    every = WordFilter(words)
    documents: Counter[str] = Counter()
    length: Counter[str] = Counter()
    for language in LANGUAGES:
        for article in read_bundle(language):
            text = f"{article.title}\n{article.description or ''}\n{article.extract}"
            documents.update(set(every.found(text)))
            length[language] += len(_WORDS.findall(text))
    return documents, length


def main(folder: Path) -> None:
    """Write the list from the packages that are unpacked in `folder`."""
    rules = _Rules(_candidates(folder))
    refused = sorted({one.word for one in rules.all if rules.admits(one)})
    Path(__file__).with_name("refused.txt").write_text("\n".join(refused) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
