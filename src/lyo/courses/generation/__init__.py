"""The course engine: retrieve, outline, write. Pure functions over a `Source` and a `LanguageModel`."""

from lyo.courses.generation.outlining import outline
from lyo.courses.generation.retrieval import retrieve
from lyo.courses.generation.values import (
    Citation,
    CourseRequest,
    GenerationFailed,
    ItemDraft,
    LessonDraft,
    LessonPlan,
    Material,
    Outline,
    Spent,
)
from lyo.courses.generation.writing import write_lesson

__all__ = [
    "Citation",
    "CourseRequest",
    "GenerationFailed",
    "ItemDraft",
    "LessonDraft",
    "LessonPlan",
    "Material",
    "Outline",
    "Spent",
    "outline",
    "retrieve",
    "write_lesson",
]
