"""Wikipedia as it is today: a search, then the lead sections of what it found, in two requests."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from uuid import NAMESPACE_URL, uuid5

from lyo.core.clock import now
from lyo.sources.fetching import Fetcher, host_of
from lyo.sources.library.bundle import LANGUAGES, LICENCE, MINIMUM_EXTRACT_CHARACTERS, article_url, clean_extract
from lyo.sources.matching import share
from lyo.sources.protocol import Passage
from lyo.sources.untrusted import (
    entries,
    escaped_line,
    language_and_region,
    line,
    mapping,
    paragraphs,
    parse_json,
    sane_query,
    whole,
)

EACH_LANGUAGE: Final = "{language}"
"""Where it stands in the base address, each language has a host of its own."""
MOST_PAGES: Final = 20
"""Lead sections that MediaWiki gives at once (`exlimit`)."""
SPARE: Final = 4
"""Pages asked for beyond the limit: some are disambiguation pages."""
MOST_CHARACTERS: Final = 8000
MOST_JUDGED: Final = 2000
"""Characters of a text in which the words of a query are looked for: what comes late is not what it is about."""
LEAST_SHARE: Final = 0.3
"""Of the words of a query, the share that a page must have: the search also finds words deep in long lists."""
_TITLE_WEIGHT: Final = 0.6
_PLACE_WEIGHT: Final = 0.4

_OPERATORS = re.compile(r'[:"~*?!\\|]|(?<!\S)-+')
"""What the search takes for an order: `-word` leaves out, `insource:/…/` costs the wiki dear."""
_TAG = re.compile(r"<[^<>]{0,200}>")
_NO_TITLE = re.compile(r"[#<>\[\]|{}\n]")
_DISAMBIGUATION = re.compile(
    r"\b(homonymie|disambiguation|desambiguaci[oó]n|begriffsklärung|topics referred to by the same term|"
    r"articles associated with the same (name|title))",
    re.IGNORECASE,
)
_MAY_REFER = re.compile(r"^[^\n]{0,200}(?:\b(?:may|can|could) (?:also )?refer to\b[^\n]{0,60})?:\s*(?:\n|$)")
_GAP = re.compile(r"\s+")
_FORMULA = "{\\displaystyle"


@dataclass(frozen=True, slots=True)
class _Hit:
    """A page as the search describes it."""

    place: int
    page_id: int | None
    title: str
    description: str
    evidence: str
    """What else the search says of it: the redirect that matched, and where the words stand."""


@dataclass(frozen=True, slots=True)
class WikipediaSource:
    """Live Wikipedia as a `Source`. A base address without `{language}` is one host for all languages."""

    fetcher: Fetcher
    base_url: str

    name = "wikipedia"

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Passage]:
        """See `Source.search`."""
        query, (language, _) = line(_OPERATORS.sub(" ", sane_query(query))), language_and_region(language)
        if not query or not language or limit < 1:
            return []
        hits = await self._hits(query, language, min(limit + SPARE, MOST_PAGES))
        titles = [hit.title for hit in hits if not _DISAMBIGUATION.search(f"{hit.title} {hit.description}")]
        if not titles:
            return []
        pages = await self._pages(titles, language)
        passages = [_passage(page, hits, query, language) for page in pages]
        return sorted((p for p in passages if p), key=lambda passage: (-passage.score, passage.id))[:limit]

    async def _hits(self, query: str, language: str, limit: int) -> list[_Hit]:
        answer = await self._get(language, "/w/rest.php/v1/search/page", {"q": query, "limit": str(limit)})
        pages = list(entries(answer, "pages", self._who(language)))[:limit]
        hits = (_hit(page, place) for place, page in enumerate(pages))
        return [hit for hit in hits if hit]

    async def _pages(self, titles: Iterable[str], language: str) -> Iterable[Mapping[str, object]]:
        answer = await self._get(
            language,
            "/w/api.php",
            {
                "action": "query",
                "format": "json",
                "formatversion": "2",
                "prop": "extracts|info|pageprops|description",
                "exintro": "1",
                "explaintext": "1",
                "exlimit": "max",
                "inprop": "url",
                "ppprop": "disambiguation",
                "redirects": "1",
                "titles": "|".join(titles),
            },
        )
        return entries(mapping(answer).get("query"), "pages", self._who(language))

    async def _get(self, language: str, path: str, params: Mapping[str, str]) -> object:
        each = EACH_LANGUAGE in self.base_url
        asked = params if each else {**params, "uselang": language}
        base = self.base_url.replace(EACH_LANGUAGE, language)
        fetched = await self.fetcher.get(base, path, asked, headers={"Accept-Language": language})
        return parse_json(fetched.body, self._who(language))

    def _who(self, language: str) -> str:
        return host_of(self.base_url.replace(EACH_LANGUAGE, language))


def _hit(page: Mapping[str, object], place: int) -> _Hit | None:
    title = line(page.get("title")) or line(page.get("key")).replace("_", " ")
    if not title or _NO_TITLE.search(title):
        return None
    evidence = f"{line(page.get('matched_title'))} {escaped_line(_untagged(page.get('excerpt')), 1000)}"
    return _Hit(place, whole(page.get("id")), title, line(page.get("description")), evidence)


def _passage(page: Mapping[str, object], hits: Sequence[_Hit], query: str, language: str) -> Passage | None:
    title = line(page.get("title"))
    text = _lead(page.get("extract"), language)
    if not title or _NO_TITLE.search(title) or _is_disambiguation(page, text) or len(text) < MINIMUM_EXTRACT_CHARACTERS:
        return None
    hit = _hit_of(page, title, hits)
    description = line(page.get("description")) or (hit.description if hit else "")
    named = share(query, f"{title} {hit.evidence if hit else ''}")
    spoken = share(query, f"{title} {description} {text[:MOST_JUDGED]}")
    if max(named, spoken) < LEAST_SHARE or _DISAMBIGUATION.search(f"{title} {description}"):
        return None
    place = hit.place if hit else len(hits)
    score = (_TITLE_WEIGHT * share(query, title) + (1 - _TITLE_WEIGHT) * max(named, spoken)) * (
        1 - _PLACE_WEIGHT * place / MOST_PAGES
    )
    url = _url(page.get("fullurl"), title, language)
    return Passage(
        id=str(uuid5(NAMESPACE_URL, url)),
        title=title,
        text=text,
        url=url,
        licence=LICENCE,
        language=language,
        retrieved_at=now(),
        description=description or None,
        score=round(score, 4),
    )


def _hit_of(page: Mapping[str, object], title: str, hits: Iterable[_Hit]) -> _Hit | None:
    page_id = whole(page.get("pageid"))
    for hit in hits:
        if hit.title == title or (page_id is not None and hit.page_id == page_id):
            return hit
    return None


def _is_disambiguation(page: Mapping[str, object], text: str) -> bool:
    return "disambiguation" in mapping(page.get("pageprops")) or bool(_MAY_REFER.match(text))


def _url(said: object, title: str, language: str) -> str:
    """The article's address: as the wiki says it where that is an article of this Wikipedia, else made of the title.

    Both in the one form that the library uses, so that an article has one address wherever it was found.
    """
    if isinstance(said, str):
        try:
            parts = urlsplit(said)
            path = unquote(parts.path, errors="strict")
        except ValueError:
            return article_url(language, title)
        named = line(path.removeprefix("/wiki/"))
        if parts.scheme == "https" and parts.netloc == f"{language}.wikipedia.org" and path == f"/wiki/{named}":
            return article_url(language, named)
    return article_url(language, title)


def _lead(extract: object, language: str) -> str:
    text = paragraphs(_without_formulas(extract), MOST_CHARACTERS)
    return clean_extract(text) if language in LANGUAGES else text


def _without_formulas(extract: object) -> str:
    """Without the TeX that stands after each formula, which itself stands on indented lines of its own."""
    if not isinstance(extract, str):
        return ""
    if _FORMULA not in extract:
        return extract
    text, *others = _GAP.sub(_joined, extract[: 2 * MOST_CHARACTERS]).split(_FORMULA)
    for other in others:
        text += _after_brace(other)
    return text


def _joined(gap: re.Match[str]) -> str:
    return " " if "\n " in gap[0] or "\n\t" in gap[0] else gap[0]


def _after_brace(text: str) -> str:
    depth = 1
    for at, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[at + 1 :]
    return ""


def _untagged(value: object) -> str:
    return _TAG.sub("", value) if isinstance(value, str) else ""
