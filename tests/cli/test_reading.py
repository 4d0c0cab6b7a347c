"""A course on paper."""

from datetime import datetime
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from lyo.cli.reading import WIDEST, count_items, show_course
from lyo.courses.schemas import CourseBody

MOMENT = datetime.fromisoformat("2026-11-24T10:30:00+00:00")
LESSON, TEXT, ARTICLE, CITED, VIDEO, QUIZ = (UUID(int=number) for number in range(1, 7))
LONG = "https://en.wikipedia.org/wiki/" + "Calvin_cycle_" * 12


def course(**changes: Any) -> CourseBody:
    citation: dict[str, Any] = {
        "n": 1,
        "title": "Photosynthesis",
        "url": "https://en.wikipedia.org/wiki/Photosynthesis",
        "licence": "CC BY-SA 4.0",
        "language": "en",
        "retrieved_at": MOMENT,
    }
    text: dict[str, Any] = {
        "id": TEXT,
        "lesson_id": LESSON,
        "type": "text",
        "title": "What is it?",
        "content": "Plants turn **light** into [bold]sugar[/bold] [1].\n\n- chlorophyll\n- water\n\n" + "word " * 60,
        "source": "generated",
        "source_url": None,
        "generated_by": "extractive",
        "citations": [citation],
    }
    article: dict[str, Any] = {
        "id": ARTICLE,
        "lesson_id": LESSON,
        "type": "article",
        "title": "Calvin cycle",
        "content": "The dark half.",
        "source": "wikipedia",
        "source_url": LONG,
        "generated_by": "catalogue",
        "citations": [{**citation, "title": "Calvin cycle", "url": LONG}],
    }
    cited: dict[str, Any] = {
        **article,
        "id": CITED,
        "title": "Photosynthesis (Wikipedia)",
        "content": "The bright half.",
        "source_url": citation["url"],
    }
    video: dict[str, Any] = {
        **article,
        "id": VIDEO,
        "type": "video",
        "title": "A leaf at work",
        "duration": 305,
        "generated_by": "catalogue",
    }
    quiz: dict[str, Any] = {
        **text,
        "id": QUIZ,
        "type": "quiz",
        "title": "Check yourself",
        "content": None,
        "citations": [],
        "questions": [
            {"id": UUID(int=7), "prompt": "What makes sugar?", "options": ["Leaf", "Root", "[b]Bark[/b]", "Stem"]}
        ],
    }
    lesson: dict[str, Any] = {
        "id": LESSON,
        "title": "What is it?",
        "order": 1,
        "objective": "Say what plants live on.",
        "status": "ready",
        "items": [TEXT, ARTICLE, CITED, VIDEO, QUIZ],
    }
    whole: dict[str, Any] = {
        "id": UUID(int=9),
        "title": "Photosynthesis",
        "description": "How plants live on light.",
        "status": "completed",
        "topic": "photosynthesis",
        "level": "beginner",
        "locale": "en",
        "progress_pct": 100,
        "learning": {"completed_items": 0, "total_items": 3, "progress_pct": 0},
        "created_at": MOMENT,
        "lessons": [lesson],
        "items": [text, article, cited, video, quiz],
    }
    return CourseBody.model_validate({**whole, **changes})


def printed(shown: CourseBody, *, width: int = 80, terminal: bool = False) -> str:
    paper = StringIO()
    console = Console(file=paper, width=width, force_terminal=terminal, color_system="truecolor", highlight=False)
    show_course(console, shown)
    return paper.getvalue()


def test_all_of_it_is_there_in_reading_order() -> None:
    page = " ".join(printed(course()).split())
    expected = [
        "Photosynthesis How plants live on light.",
        "beginner · en · 1 lesson",
        "1 What is it? Say what plants live on.",
        "Plants turn light into [bold]sugar[/bold] [1].",
        "• chlorophyll • water",
        "Word for word from the sources.",
        "Sources [1] Photosynthesis (CC BY-SA 4.0) https://en.wikipedia.org/wiki/Photosynthesis",
        f"Read on → Calvin cycle {LONG} The dark half.",
        "→ Photosynthesis (Wikipedia) [1] The bright half.",
        f"Watch → A leaf at work (5:05 min) {LONG}",
        "Test yourself 1. What makes sugar? A Leaf B Root C [b]Bark[/b] D Stem",
    ]
    places = [page.find(words) for words in expected]
    assert -1 not in places, (places, page)
    assert places == sorted(places)


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_line_is_wider_than_the_page_but_addresses_in_one_piece(width: int) -> None:
    lines = printed(course(), width=width).splitlines()
    assert max(len(line) for line in lines if "https://" not in line) <= min(width, WIDEST)
    assert any(line.strip() == LONG for line in lines)


def test_an_address_is_printed_once_and_a_heading_for_all_of_a_kind() -> None:
    page = printed(course())
    assert page.count("https://en.wikipedia.org/wiki/Photosynthesis\n") == 1
    assert page.count("Read on") == 1


def test_without_a_terminal_it_is_plain() -> None:
    page = printed(course())
    assert "\x1b" not in page
    assert all(line == line.rstrip() for line in page.splitlines())


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[" in printed(course(), terminal=True)


def test_what_would_command_the_terminal_is_left_out() -> None:
    page = printed(course(title="Pho\x1b]0;gotcha\x07to", description="a\x9b2Jb"), terminal=True)
    assert "\x1b]0" not in page
    assert "\x9b" not in page
    assert "Pho]0;gotchato" in page


def test_who_wrote_it_is_counted() -> None:
    assert count_items(course()) == "2 word for word from sources, 3 from the library"
