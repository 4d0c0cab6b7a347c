"""The parts of a course as the metrics read them: sentences with what they cite, and the sources by address."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lyo.courses.generation.values import CourseDraft, ItemDraft
from lyo.courses.generation.words import sentences, words
from lyo.sources.protocol import Passage, Reading, Video

_MARKS = re.compile(r"((?:\s*\[\d{1,4}(?:\s*,\s*\d{1,4})*\])+)")
_MARK_BEFORE_STOP = re.compile(_MARKS.pattern + r"([.!?…])")
_HEADING = re.compile(r"#{1,6}(?:\s|$)")
_BULLET = re.compile(r"^(?:[-*+]|\d{1,3}[.)])\s+")
_LABEL = re.compile(r"^\*\*(?:[^*\\\n]|\\.)+\*\*:?\s*")
_EMPHASIS = re.compile(r"\*\*|__|`")


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of a text, and the numbers of the citations that stand behind it."""

    sentence: str
    marks: tuple[int, ...]


def items_of(course: CourseDraft, kind: str | None = None) -> Iterator[tuple[int, ItemDraft]]:
    """Every item, or those of one type, with the number of its lesson from 1."""
    for number, lesson in enumerate(course.lessons, start=1):
        for item in lesson.items:
            if kind is None or item.type == kind:
                yield number, item


def said_in(content: str) -> list[Said]:
    """The sentences of a text in Markdown, headings and labels aside. What ends without a full stop is one too.

    Marks speak for all sentences between them and the marks before, within one paragraph or point of a list.
    """
    found: list[Said] = []
    for raw in content.split("\n"):
        line = raw.strip()
        if not line or _HEADING.match(line):
            continue
        line = _LABEL.sub("", _BULLET.sub("", line))
        parts = _MARKS.split(_MARK_BEFORE_STOP.sub(r"\2\1", line))
        for at in range(0, len(parts), 2):
            marks = tuple(int(n) for n in re.findall(r"\d+", parts[at + 1])) if at + 1 < len(parts) else ()
            found += [Said(sentence, marks) for sentence in _split(_EMPHASIS.sub("", parts[at]))]
    return found


def prose(content: str) -> str:
    """The sentences of a text alone."""
    return " ".join(said.sentence for said in said_in(content))


def passages_by_url(course: CourseDraft) -> Mapping[str, Passage]:
    """The passages that were found, by address."""
    return {passage.url: passage for passage in course.material.passages}


def others_by_url(course: CourseDraft) -> Mapping[str, Video | Reading]:
    """The videos and readings that were found, by address."""
    videos: list[Video | Reading] = [*course.material.videos]
    return {found.url: found for found in [*videos, *course.material.readings]}


def cited(item: ItemDraft, marks: Sequence[int], passages: Mapping[str, Passage]) -> list[Passage]:
    """The passages that `marks` point to through the item's citations; those that lead nowhere are left out."""
    urls = [citation.url for citation in item.citations if citation.n in marks]
    return [passages[url] for url in urls if url in passages]


def _split(piece: str) -> list[str]:
    """The sentences of `piece`, and what remains of it besides them."""
    found = sentences(piece)
    rest = piece
    for sentence in found:
        rest = rest.replace(sentence, " ", 1)
    return [*found, rest.strip()] if words(rest) else found
