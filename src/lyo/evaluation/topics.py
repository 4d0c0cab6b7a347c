"""The topics to try: a file of them, in TOML."""

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lyo.courses.generation.values import CourseRequest, Level


class EvaluationError(Exception):
    """The evaluation cannot be done as it was asked for. The message is one sentence that says what to do."""


class Topic(BaseModel):
    """What a learner asks for, and what must come of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=60, pattern=r"^[a-z0-9][a-z0-9-]*$")
    topic: str
    locale: str = "en"
    level: Level = "beginner"
    interests: tuple[str, ...] = ()
    inside: bool
    """Whether the bundled library has it: then there must be a course."""
    refuse: bool = False
    """Whether there must be none, but a stable failure code."""

    @model_validator(mode="after")
    def _one_expectation(self) -> "Topic":
        if self.inside and self.refuse:
            raise ValueError("a topic cannot be both inside and to be refused")
        return self

    @property
    def request(self) -> CourseRequest:
        """What the engine is asked for."""
        return CourseRequest(topic=self.topic, interests=self.interests, level=self.level, locale=self.locale)

    @property
    def expected(self) -> str:
        """What must come of it, in words."""
        if self.inside:
            return "a course"
        return "a refusal" if self.refuse else "a right course or a stable failure"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    topics: tuple[Topic, ...] = Field(min_length=1)


def load_topics(path: Path | None) -> tuple[Topic, ...]:
    """The topics of a file, or those that come with Lyo; raises `EvaluationError`."""
    try:
        text = (path or files("lyo.evaluation") / "topics.toml").read_text("utf-8")
        topics = _File.model_validate(tomllib.loads(text)).topics
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"The topics {path} cannot be read ({error}): name another file.") from error
    except tomllib.TOMLDecodeError as error:
        raise EvaluationError(f"The topics {path} are no TOML ({error}): mend the file.") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise EvaluationError(f"The topics {path} are not as they should be ({place}: {first['msg']}).") from error
    names = [topic.name for topic in topics]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise EvaluationError(f"The topics {path} have the name {twice[0]} twice: each needs one of its own.")
    return topics


def choose(topics: Sequence[Topic], *, only: Sequence[str], limit: int | None) -> tuple[Topic, ...]:
    """The topics of those names (all, without any), and of them the first `limit`; raises `EvaluationError`."""
    unknown = sorted(set(only) - {topic.name for topic in topics})
    if unknown:
        raise EvaluationError(
            f"There is no topic named {unknown[0]}: it is one of {', '.join(t.name for t in topics)}."
        )
    chosen = [topic for topic in topics if not only or topic.name in only]
    return tuple(chosen[:limit])


def for_throughput(topics: Sequence[Topic], courses: int) -> list[Topic]:
    """What is measured, the first `courses` topics inside the library, and as many others to be made in between.

    Where there are no others, those are some that come with Lyo.
    """
    inside = [topic for topic in topics if topic.inside]
    asked = [topic.request for topic in inside]
    spare = [topic for topic in load_topics(None) if topic.inside and topic.request not in asked]
    return [*inside, *spare][: 2 * courses] if len(inside) >= courses else inside
