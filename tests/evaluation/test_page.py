"""The page, over words that would like to be more than words."""

import re
from html.parser import HTMLParser

from support.hand_made import perfect_course, with_item
from support.reports import HOSTILE, report

from lyo.courses.generation.values import CourseDraft
from lyo.evaluation.page import render, shown
from lyo.evaluation.topics import Topic
from lyo.evaluation.trying import side_of
from lyo.evaluation.values import Figure, Side, Tried


def hostile(course: CourseDraft) -> CourseDraft:
    bad = {"title": HOSTILE, "content": HOSTILE, "source_url": f"javascript:alert(1)//{HOSTILE}"}
    changed = with_item(course, "article", lambda item: item.model_copy(update=bad))
    changed = with_item(changed, "text", lambda item: item.model_copy(update={"content": f"{HOSTILE} [1]"}))
    outline = changed.outline.model_copy(update={"title": HOSTILE, "description": HOSTILE})
    return changed.model_copy(update={"outline": outline})


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "br", "line"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def test_hostile_words_stay_words() -> None:
    topic = Topic(name="in", topic=HOSTILE, inside=True, interests=(HOSTILE,))
    failed = Side(outcome="error", code=HOSTILE, message=HOSTILE, seconds=1.0, answer=HOSTILE)
    course = side_of(hostile(perfect_course()), 10.0, naive=False)
    naive = side_of(hostile(perfect_course()), 10.0, naive=True).model_copy(update={"answer": HOSTILE})
    page = render(
        report(
            Tried(topic=topic, right=True, engine=course, naive=naive),
            Tried(topic=topic.model_copy(update={"name": "b"}), right=False, engine=failed, naive=failed),
            Tried(topic=topic.model_copy(update={"name": "c"}), right=False, engine=failed, naive=None),
        )
    )
    tags = parsed(page)
    assert "<script" not in page
    assert tags.tags.count("style") == 1
    assert not {"script", "img", "iframe", "link", "object", "form", "base"} & set(tags.tags)
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert all((value or "").startswith("https://") for name, value in tags.attributes if name == "href")
    assert "{{ 7 * 7 }}" in page
    assert "&lt;script&gt;" in page
    assert tags.open == []


def test_the_page_asks_nobody_for_anything() -> None:
    topic = Topic(name="in", topic="photosynthesis", inside=True)
    page = render(
        report(Tried(topic=topic, right=True, engine=side_of(perfect_course(), 9.0, naive=False), naive=None))
    )
    tags = parsed(page)
    assert not [name for name, _ in tags.attributes if name in {"src", "srcset", "data", "poster", "background"}]
    assert not re.search(r"url\(|@import|@font-face", page)
    assert any("default-src 'none'" in (value or "") for name, value in tags.attributes if name == "content")


def test_a_partial_report_says_so_and_a_whole_one_does_not() -> None:
    assert "This report is partial" in render(report(partial=True))
    assert "This report is partial" not in render(report())
    assert report(partial=True).good is False


def test_what_failed_can_be_read_with_its_reason() -> None:
    course = with_item(
        perfect_course(), "text", lambda item: item.model_copy(update={"content": "Football is a sport of Europe. [1]"})
    )
    topic = Topic(name="in", topic="photosynthesis", inside=True)
    page = render(report(Tried(topic=topic, right=True, engine=side_of(course, 9.0, naive=False), naive=None)))
    assert "Football is a sport of Europe." in page
    assert "% of its content words are in what it cites" in page


def test_figures_are_shown_in_their_unit_and_never_made_up() -> None:
    assert shown(0.9744, "share") == "97.4 %"
    assert shown(1.0, "share") == "100 %"
    assert shown(12.34, "seconds") == "12.3 s"
    assert shown(Figure(undefined="no"), "share") == "–"
    assert shown(None, "score") == "–"
