"""One topic, tried on both sides."""

import time

from lyo.core.clock import now
from lyo.courses.generation.languages import FALLBACK, language_of, supported_languages
from lyo.courses.generation.making import make_course
from lyo.courses.generation.metrics.cost import spent_in_all
from lyo.courses.generation.report import report_card
from lyo.courses.generation.values import CourseDraft, GenerationFailed, Material
from lyo.evaluation.drafting import costed, draft_of
from lyo.evaluation.judging import failings, figures
from lyo.evaluation.mending import mended
from lyo.evaluation.naive import ask_naively
from lyo.evaluation.topics import Topic
from lyo.evaluation.values import Side, Tried
from lyo.llm.protocol import LanguageModel, LlmError
from lyo.sources.protocol import Shelf


async def try_topic(topic: Topic, shelf: Shelf, model: LanguageModel, *, naively: bool) -> Tried:
    """What the engine makes of a topic, and with `naively` what one prompt does; whatever goes wrong is a finding."""
    engine = await _engine(topic, shelf, model)
    naive = None
    if naively:
        naive = await _naive(topic, engine, model)
    return Tried(topic=topic, right=is_right(topic, engine), engine=engine, naive=naive)


def is_right(topic: Topic, engine: Side) -> bool:
    """Whether that is what must come of such a topic."""
    if topic.inside:
        return engine.outcome == "course"
    return engine.outcome == "failure" if topic.refuse else engine.outcome in {"course", "failure"}


async def _engine(topic: Topic, shelf: Shelf, model: LanguageModel) -> Side:
    began = time.monotonic()
    try:
        course = await make_course(topic.request, shelf, model)
    except GenerationFailed as failure:
        return Side(outcome="failure", code=failure.code, message=failure.message, seconds=_since(began))
    except LlmError as error:
        return Side(outcome="error", code="model_unavailable", message=str(error), seconds=_since(began))
    except Exception as error:  # noqa: BLE001  a fault of the engine is a finding about this topic, not the end of all
        return Side(outcome="error", code="crashed", message=f"{type(error).__name__}: {error}", seconds=_since(began))
    return side_of(course, _since(began), naive=False)


async def _naive(topic: Topic, engine: Side, model: LanguageModel) -> Side:
    """Judged against what the engine found; without that there is nothing to judge it by."""
    began = time.monotonic()
    material = engine.course.material if engine.course else None
    judged_by = material or Material(language=_language(topic), passages=())

    def draft(text: str) -> CourseDraft:
        return draft_of(mended(text), topic.request, judged_by, now())

    def lessons(text: str) -> int:
        try:
            return len(draft(text).lessons)
        except ValueError:
            return 0

    budget = engine.prompt_tokens + engine.completion_tokens
    try:
        answer = await ask_naively(topic.request, model, budget=budget, whole=lessons)
    except LlmError as error:
        return Side(outcome="error", code="model_unavailable", message=str(error), seconds=_since(began))
    try:
        course = costed(draft(answer.text), answer.spent, answer.seconds)
    except ValueError as error:
        side = Side(outcome="error", code="unreadable", message=str(error), seconds=answer.seconds)
    else:
        side = (
            side_of(course, answer.seconds, naive=True) if material else Side(outcome="course", seconds=answer.seconds)
        )
    tokens = {"prompt_tokens": answer.spent.prompt_tokens, "completion_tokens": answer.spent.completion_tokens}
    return side.model_copy(update={"answer": answer.text, **tokens})


def _language(topic: Topic) -> str:
    language = language_of(topic.locale)
    return language if language in supported_languages() else FALLBACK


def side_of(course: CourseDraft, seconds: float, *, naive: bool) -> Side:
    """A course with all that the metrics say of it."""
    spent = spent_in_all(course)
    return Side(
        outcome="course",
        seconds=seconds,
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        figures=figures(course, naive=naive),
        card=None if naive else report_card(course),
        failing=failings(course, naive=naive),
        course=course,
    )


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
