"""A course as text for the terminal."""

import unicodedata
from collections.abc import Mapping, Sequence
from io import StringIO
from itertools import groupby
from typing import Final

from rich.console import Console, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from lyo.courses.schemas import Citation, CourseBody, CourseItemBody, LessonBody, QuestionBody

WIDEST: Final = 100
"""Characters in a line at most: longer ones are hard to read."""
INDENT: Final = 3
_HEADINGS: Final = {"article": "Read on", "video": "Watch", "quiz": "Test yourself"}
_LETTERS: Final = "ABCD"
_EXTRACTIVE: Final = "Word for word from the sources."


def show_course(console: Console, course: CourseBody) -> None:
    """Print a course. Where there is no terminal it is plain text, without a blank at the end of any line."""
    if console.is_terminal:
        _print(console, course)
        return
    plain = Console(file=StringIO(), width=console.width, color_system=None, force_terminal=False, highlight=False)
    _print(plain, course)
    assert isinstance(plain.file, StringIO)
    lines = plain.file.getvalue().splitlines()
    console.file.write("".join(f"{line.rstrip()}\n" for line in lines))
    console.file.flush()


def count_items(course: CourseBody) -> str:
    """How many items there are by whom, in words."""
    by = [item.generated_by for item in course.items]
    parts = {
        "by the model": by.count("model"),
        "word for word from sources": by.count("extractive"),
        "from the library": by.count("catalogue"),
    }
    return ", ".join(f"{number} {words}" for words, number in parts.items() if number)


def many(number: int, thing: str) -> str:
    """`1 lesson`, `2 lessons`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def clean(text: str) -> str:
    """Text without the characters that a terminal would obey. It comes from a model and from sources."""
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    return "".join(kept)


def _print(console: Console, course: CourseBody) -> None:
    width = min(console.width, WIDEST)
    items = {item.id: item for item in course.items}
    console.print()
    _show(console, width, Rule(characters="━", style="cyan"))
    _show(console, width, Padding(Text(clean(course.title), style="bold cyan"), (0, INDENT)))
    if course.description:
        _show(console, width, Padding(Text(clean(course.description)), (1, INDENT, 0, INDENT)))
    facts = f"{course.level} · {course.locale} · {many(len(course.lessons), 'lesson')}"
    _show(console, width, Padding(Text(facts, style="dim"), (1, INDENT, 0, INDENT)))
    _show(console, width, Rule(characters="━", style="cyan"))
    for lesson in course.lessons:
        _lesson(console, width, lesson, [items[item] for item in lesson.items if item in items])
    _show(console, width, Rule(characters="━", style="cyan"))


def _lesson(console: Console, width: int, lesson: LessonBody, items: Sequence[CourseItemBody]) -> None:
    console.print()
    heading = Text.assemble((f"{lesson.order}".ljust(INDENT), "cyan"), (clean(lesson.title), "bold"))
    _show(console, width, heading)
    _show(console, width, Padding(Text(clean(lesson.objective), style="italic"), (0, INDENT)))
    # The sources of the text: other items count their own from 1 again.
    cited = {citation.url: citation.n for item in items if item.type == "text" for citation in item.citations}
    for kind, same in groupby(items, key=lambda item: item.type):
        if kind == "text":
            for item in same:
                _text(console, width, item, lesson)
        else:
            _heading(console, _HEADINGS[kind])
            for item in same:
                if item.questions:
                    _questions(console, width, item.questions)
                else:
                    _link(console, width, item, cited)
    console.print()


def _text(console: Console, width: int, item: CourseItemBody, lesson: LessonBody) -> None:
    if item.title != lesson.title:
        _show(console, width, Padding(Text(clean(item.title), style="bold"), (1, INDENT, 0, INDENT)))
    _show(console, width, Padding(Markdown(clean(item.content or ""), hyperlinks=False), (1, INDENT, 0, INDENT)))
    if item.generated_by == "extractive":
        _show(console, width, Padding(Text(_EXTRACTIVE, style="dim"), (1, INDENT, 0, INDENT)))
    if item.citations:
        _heading(console, "Sources")
        for citation in item.citations:
            _entry(console, f"[{citation.n}] ", _named(citation), citation.url)


def _named(citation: Citation) -> Text:
    return Text.assemble(clean(citation.title), (f" ({clean(citation.licence)})", "dim"))


def _link(console: Console, width: int, item: CourseItemBody, cited: Mapping[str, int]) -> None:
    """Something elsewhere. An address that stands among the lesson's sources is not printed twice."""
    minutes = f" ({item.duration // 60}:{item.duration % 60:02} min)" if item.duration else ""
    source = cited.get(item.source_url or "")
    reference = f" [{source}]" if source else ""
    name = Text.assemble(clean(item.title), (minutes, "dim"), (reference, "cyan"))
    _entry(console, "→ ", name, "" if source else item.source_url or "")
    if item.content:
        _show(console, width, Padding(Text(clean(item.content), style="dim"), (0, INDENT, 0, INDENT + 4)))


def _questions(console: Console, width: int, questions: Sequence[QuestionBody]) -> None:
    """Questions with their options; which is right only the server knows until they are answered."""
    for number, question in enumerate(questions, start=1):
        mark = f"{number}. "
        prompt = Text.assemble((mark, "cyan"), clean(question.prompt))
        _show(console, width, Padding(prompt, (0, INDENT, 0, INDENT + 2)))
        for letter, option in zip(_LETTERS, question.options, strict=False):
            line = Text.assemble((f"{letter} ", "dim"), clean(option))
            _show(console, width, Padding(line, (0, INDENT, 0, INDENT + 2 + len(mark))))


def _heading(console: Console, words: str) -> None:
    console.print()
    console.print(Text(" " * INDENT + words, style="cyan"))


def _entry(console: Console, mark: str, name: Text, address: str) -> None:
    """A name, and under it its address in one piece, however long: so that it can be clicked and copied."""
    console.print(Text.assemble(" " * (INDENT + 2), (mark, "cyan"), name), soft_wrap=True)
    if address:
        indent = " " * (INDENT + 2 + len(mark))
        console.print(Text.assemble(indent, (clean(address), "blue underline")), soft_wrap=True)


def _show(console: Console, width: int, thing: RenderableType) -> None:
    console.print(thing, width=width)
