import pytest
from support.library import passage

from lyo.courses.generation.texts import quote, text_item
from lyo.courses.generation.values import LessonPlan


@pytest.mark.parametrize(
    ("title", "label"),
    [("Sagittarius A*", r"**Sagittarius A\*.**"), ("C#", r"**C\#.**"), ("a_b", r"**a\_b.**"), ("Leaf", "**Leaf.**")],
)
def test_a_title_is_a_label_whatever_marks_it_has(title: str, label: str) -> None:
    anchor = passage("Galaxy", "Galaxies are large systems of stars and gas.")
    support = passage(title, "Astronomers have watched this bright source for decades.")
    lesson = LessonPlan(title="Galaxy", objective="Describe galaxies.", passage_ids=(anchor.id, support.id))
    item = text_item(lesson, quote([anchor, support]), "en")
    assert item is not None
    assert f"- {label} " in (item.content or "")
