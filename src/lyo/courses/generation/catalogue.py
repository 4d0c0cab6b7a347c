"""What a lesson points to: the articles that it is from, and the videos, books and papers that suit it."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from lyo.courses.generation.languages import language_data
from lyo.courses.generation.values import ItemDraft, LessonPlan, Material, Outline, cite
from lyo.courses.generation.words import content_words, sentences
from lyo.sources.protocol import Passage, Reading, Video

MOST_VIDEOS = 2
"""Of a lesson."""

MOST_READINGS = 1
"""Of a lesson."""

Found = TypeVar("Found", Video, Reading)


def articles(passages: Sequence[Passage]) -> list[ItemDraft]:
    """The articles of a lesson's passages, the one that it is about first."""
    return [_article(passage) for passage in passages]


def videos(outline: Outline, number: int, material: Material) -> list[ItemDraft]:
    """The videos that suit lesson `number` (from 0) better than any other."""
    shared = _shared_out(material.videos, outline, material, MOST_VIDEOS)
    return [_video(video, outline.language) for video in shared.get(number, [])]


def readings(outline: Outline, number: int, material: Material) -> list[ItemDraft]:
    """The books and papers that suit lesson `number` (from 0) better than any other."""
    shared = _shared_out(material.readings, outline, material, MOST_READINGS)
    return [_reading(reading, outline.language) for reading in shared.get(number, [])]


def _shared_out(
    found: Sequence[Found], outline: Outline, material: Material, most: int
) -> Mapping[int, Sequence[Found]]:
    """Each find to the lesson that shares most words with it, the better finds first, none to two lessons.

    What shares a word with no lesson is about the topic as a whole and goes to the first lessons that have none.
    """
    language = outline.language
    about = [_words_of(lesson, material, language) for lesson in outline.lessons]
    given: dict[int, list[Found]] = {}
    general: list[Found] = []
    topic = set(content_words(outline.title, language))
    for one in found:
        said = set(content_words(one.title, language)) - topic
        merits = [len(said & words_of_lesson) for words_of_lesson in about]
        free = [at for at in range(len(about)) if merits[at] and len(given.get(at, [])) < most]
        if free:
            given.setdefault(max(free, key=lambda at: (merits[at], -at)), []).append(one)
        elif not any(merits):
            general.append(one)
    for at in range(len(about)):
        if at not in given and general:
            given[at] = [general.pop(0)]
    return given


def _words_of(lesson: LessonPlan, material: Material, language: str) -> set[str]:
    titles = [material.passage(passage_id).title for passage_id in lesson.passage_ids]
    return set(content_words(" ".join([lesson.title, *titles]), language))


def _article(passage: Passage) -> ItemDraft:
    phrases = language_data(passage.language).phrases
    description = (passage.description or "").strip(" .")
    why = phrases["article_why"].format(description=description) if description else phrases["article_why_plain"]
    quoted = next(iter(sentences(passage.text)), passage.text)
    return ItemDraft(
        type="article",
        title=phrases["article_title"].format(title=passage.title),
        content=why,
        source=passage.source,
        source_url=passage.url,
        generated_by="catalogue",
        citations=(cite(1, passage, quoted),),
    )


def _video(video: Video, language: str) -> ItemDraft:
    phrases = language_data(language).phrases
    return ItemDraft(
        type="video",
        title=video.title,
        content=phrases["video_why"].format(channel=video.channel),
        source=video.source,
        source_url=video.url,
        generated_by="catalogue",
        citations=(),
        duration_seconds=video.duration_seconds,
    )


def _reading(reading: Reading, language: str) -> ItemDraft:
    phrases = language_data(language).phrases
    authors = ", ".join(reading.authors[:3])
    by = phrases["reading_by"].format(authors=authors) if authors else ""
    year = f" ({reading.year})" if reading.year else ""
    kind = phrases.get(f"reading_{reading.kind}", phrases["reading_book"])
    return ItemDraft(
        type="article",
        title=reading.title,
        content=phrases["reading_why"].format(kind=kind, by=by, year=year),
        source=reading.source,
        source_url=reading.url,
        generated_by="catalogue",
        citations=(),
    )
