"""What holds for every course that the engine makes, whoever wrote it."""

import re

from lyo.courses.generation.gates import is_verbatim, overlap, repeats_a_phrase
from lyo.courses.generation.quizzes.flaws import flaws
from lyo.courses.generation.values import ItemDraft, LessonDraft, Material, Outline
from lyo.sources.protocol import Passage, Reading, Video


def check_course(material: Material, plan: Outline, lessons: list[LessonDraft]) -> None:
    """What holds for every course, whoever wrote it."""
    assert 4 <= len(lessons) <= 6
    titles = [lesson.title.casefold() for lesson in plan.lessons]
    assert len(set(titles)) == len(titles)
    assert all(lesson.objective.endswith(".") for lesson in plan.lessons)
    assert all(lesson.items[0].type == "text" for lesson in lessons)
    for lesson in lessons:
        check_text(material, lesson)
        kinds = [item.type for item in lesson.items]
        assert kinds.count("text") == 1
        assert "article" in kinds
        assert kinds.count("quiz") + lesson.left_out.get("quiz", 0) == 1
        for item in lesson.items[1:]:
            if item.type == "quiz":
                check_quiz(material, item)
            else:
                assert item.source_url in {found.url for found in findings(material)}
                assert item.content
                assert item.generated_by == "catalogue"


def findings(material: Material) -> list[Passage | Video | Reading]:
    return [*material.passages, *material.videos, *material.readings]


def check_quiz(material: Material, quiz: ItemDraft) -> None:
    assert 1 <= len(quiz.questions) <= 5
    assert quiz.content is None
    assert quiz.source_url is None
    passages = {passage.url: passage for passage in material.passages}
    cited = {citation.n: passages[citation.url] for citation in quiz.citations}
    for question in quiz.questions:
        assert question.quote in cited[question.n].text
        assert 0 <= question.key <= 3
        assert len({option.casefold() for option in question.options}) == 4
        assert flaws(question, material.passages, material.language) == []
    assert len({question.prompt for question in quiz.questions}) == len(quiz.questions)


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
