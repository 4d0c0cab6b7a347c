"""The answer to the naive prompt as a course, so that the very same functions can judge it.

Reading is lenient: whatever a person would take for a lesson, a source or a question is one. What is none of them is
counted as left out. Two things are credited to the baseline that it has not earned:

- a source whose title is that of an article which the engine found gets that article's address;
- for the metrics that want citations, each of its sentences cites the passage that it overlaps with most (`credited`).
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from lyo.courses.generation.gates import overlap
from lyo.courses.generation.metrics.reading import Said, said_in
from lyo.courses.generation.values import (
    Citation,
    CourseDraft,
    CourseRequest,
    ItemDraft,
    LessonDraft,
    LessonPlan,
    Material,
    Outline,
    Question,
    Spent,
    cite,
)
from lyo.courses.generation.words import flat

OPTIONS = 4
_SOME = 12
"""Lessons, sources or questions that are looked at; more is a loop."""


def draft_of(answer: Any, request: CourseRequest, material: Material, at: datetime) -> CourseDraft:
    """The course in an answer's JSON; raises `ValueError` where it has no lesson with a text."""
    root = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {"lessons": answer}
    lessons = [lesson for lesson in _dicts(root.get("lessons")) if _text(lesson, "text", "content")]
    if not lessons:
        raise ValueError("the answer has no lesson with a text")
    outline = Outline(
        title=_text(root, "title"),
        description=_text(root, "description"),
        language=material.language,
        lessons=tuple(
            LessonPlan(title=_text(one, "title"), objective=_text(one, "objective"), passage_ids=()) for one in lessons
        ),
    )
    drafts = tuple(_lesson(one, material, at) for one in lessons)
    return CourseDraft(request=request, material=material, outline=outline, lessons=drafts)


def costed(course: CourseDraft, spent: Spent, seconds: float) -> CourseDraft:
    """The course with what it cost: it is readable when all of it is there, so the first lesson has all the time."""
    outline = course.outline.model_copy(update={"spent": spent})
    times = {"lesson:1": seconds, **{f"lesson:{n}": 0.0 for n in range(2, len(course.lessons) + 1)}}
    return course.model_copy(update={"outline": outline, "seconds": times})


def credited(course: CourseDraft) -> CourseDraft:
    """The course with a citation behind each sentence that has none: of the passage that it overlaps with most."""
    lessons: list[LessonDraft] = []
    for lesson in course.lessons:
        items = tuple(_credited(item, course) if item.type == "text" else item for item in lesson.items)
        lessons.append(lesson.model_copy(update={"items": items}))
    return course.model_copy(update={"lessons": tuple(lessons)})


def _credited(item: ItemDraft, course: CourseDraft) -> ItemDraft:
    passages = course.material.passages
    known = {passage.url for passage in passages}
    good = {citation.n for citation in item.citations if citation.url in known}
    citations = list(item.citations)
    first = max((citation.n for citation in citations), default=0) + 1
    citations += [cite(first + at, passage, "") for at, passage in enumerate(passages)]
    lines: list[str] = []
    for said in said_in(item.content or ""):
        marks = [mark for mark in said.marks if mark in good] or [first + _closest(said, course)]
        lines.append(f"{said.sentence} " + "".join(f"[{mark}]" for mark in marks))
    used = {mark for said in said_in("\n".join(lines)) for mark in said.marks}
    kept = tuple(citation for citation in citations if citation.n in used)
    return item.model_copy(update={"content": "\n".join(lines), "citations": kept})


def _closest(said: Said, course: CourseDraft) -> int:
    language = course.material.language
    scores = [overlap(said.sentence, f"{p.title} {p.text}", language) for p in course.material.passages]
    return max(range(len(scores)), key=scores.__getitem__)


def _lesson(raw: Mapping[str, Any], material: Material, at: datetime) -> LessonDraft:
    left_out: Counter[str] = Counter()
    citations = tuple(_sources(raw, material, at))
    text = _item("text", _text(raw, "title"), _text(raw, "text", "content"), citations)
    articles = [
        _item("article", citation.title, _text(source, "why", "description"), (citation,), citation.url)
        for source, citation in zip(_dicts(raw.get("sources")), citations, strict=False)
    ]
    questions: list[Question] = []
    for entry in _dicts(raw.get("quiz")):
        question = _question(entry)
        left_out["question"] += question is None
        questions += [question] if question is not None else []
    quiz = _item("quiz", _text(raw, "title"), None, ()).model_copy(update={"questions": tuple(questions)})
    items = (text, *articles, *([quiz] if questions else []))
    return LessonDraft(items=items, left_out={name: count for name, count in left_out.items() if count})


def _item(kind: Any, title: str, content: str | None, cites: tuple[Citation, ...], url: str | None = None) -> ItemDraft:
    return ItemDraft(
        type=kind,
        title=title,
        content=content,
        source="generated",
        source_url=url,
        generated_by="model",
        citations=cites,
    )


def _sources(raw: Mapping[str, Any], material: Material, at: datetime) -> Iterator[Citation]:
    titles = {flat(passage.title): passage.url for passage in material.passages}
    known = {passage.url for passage in material.passages}
    for number, source in enumerate(_dicts(raw.get("sources")), start=1):
        title, url = _text(source, "title", "name"), _text(source, "url", "link", "address")
        yield Citation(
            n=number,
            title=title,
            url=url if url in known else titles.get(flat(title), url),
            licence="",
            language=material.language,
            quote=_text(source, "quote"),
            retrieved_at=at,
        )


def _question(raw: Mapping[str, Any]) -> Question | None:
    """A question with four options and a key among them, however it says which; None where there is no such thing."""
    given = raw.get("options")
    if isinstance(given, dict):  # {"A": …, "B": …}
        given = list(cast("dict[str, Any]", given).values())
    options = [_words(option) for option in _list(given)]
    key = _key(raw.get("answer", raw.get("key", raw.get("correct"))), options)
    prompt = _text(raw, "question", "prompt")
    if len(options) != OPTIONS or key is None or not prompt:
        return None
    return Question(
        prompt=prompt,
        options=(options[0], options[1], options[2], options[3]),
        key=key,
        explanation=_text(raw, "explanation"),
        quote=_text(raw, "quote"),
        n=1,
        generated_by="model",
    )


def _key(answer: Any, options: list[str]) -> int | None:
    """The place that `answer` names by its number, its letter or its words."""
    if isinstance(answer, int) and not isinstance(answer, bool):
        return answer if answer in range(OPTIONS) else None
    said = _words(answer)
    if said in options:
        return options.index(said)
    place = "ABCD".find(said[:1].upper()) if said else -1
    return place if place >= 0 and not said[1:2].isalnum() else None


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    """The entries of a list, each as an object: a bare string is an address or a title."""
    entries: list[Mapping[str, Any]] = []
    for entry in _list(value)[:_SOME]:
        if isinstance(entry, dict):
            entries.append(cast("dict[str, Any]", entry))
        elif isinstance(entry, str):
            entries.append({"url" if "://" in entry else "title": entry})
    return entries


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _text(raw: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that has words."""
    return next((text for name in names if (text := _words(raw.get(name)))), "")


def _words(value: Any) -> str:
    """A field as text. What is neither text nor a number is shown as JSON: it is wrong, and can be read."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.strip()
