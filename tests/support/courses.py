"""What holds for every course that the engine makes, whoever wrote it."""

import re

from lyo.courses.generation.gates import is_verbatim, overlap, repeats_a_phrase
from lyo.courses.generation.values import LessonDraft, Material, Outline


def check_course(material: Material, plan: Outline, lessons: list[LessonDraft]) -> None:
    """What holds for every course, whoever wrote it."""
    assert 4 <= len(lessons) <= 6
    titles = [lesson.title.casefold() for lesson in plan.lessons]
    assert len(set(titles)) == len(titles)
    assert all(lesson.objective.endswith(".") for lesson in plan.lessons)
    assert all(lesson.items[0].type == "text" for lesson in lessons)
    for lesson in lessons:
        check_text(material, lesson)
        for article in lesson.items[1:]:
            assert article.type == "article"
            assert article.source_url in {passage.url for passage in material.passages}
            assert article.content
        assert len(lesson.items) >= 2


def check_text(material: Material, lesson: LessonDraft) -> None:
    text = lesson.items[0]
    assert text.content is not None
    passages = {passage.url: passage for passage in material.passages}
    assert all(citation.quote in passages[citation.url].text for citation in text.citations)
    assert {int(n) for n in re.findall(r"\[(\d+)\]", text.content)} == {citation.n for citation in text.citations}
    assert not re.search(r"<|https?:|javascript:|\]\(|eos|im_end", text.content)
    assert not repeats_a_phrase(re.sub(r" \[\d+\]", "", text.content))
    cited = {citation.n: passages[citation.url] for citation in text.citations}
    for sentence, number in re.findall(r"(?:^|\]\s|\*\*\s)([^\[\]*#]+?) \[(\d+)\]", text.content, re.MULTILINE):
        assert overlap(sentence, cited[int(number)].text, material.language) >= 0.5
        if text.generated_by == "extractive":
            assert is_verbatim(sentence, cited[int(number)].text)
    assert (text.generated_by == "model") == (text.source == "generated") == (text.source_url is None)
