"""What an evaluation finds, as `report.json` has it. Every value is frozen and survives a trip through JSON."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from lyo.courses.generation.report import ReportCard
from lyo.courses.generation.values import CourseDraft, Value
from lyo.evaluation.topics import Topic

State = Literal["holds", "fails", "undefined", "skipped"]


class Figure(Value):
    """One metric of one side: its value, or the reason why there is none."""

    value: float | None = None
    undefined: str | None = None


class Failing(Value):
    """Something that a rule found wrong, to be read."""

    metric: str
    lesson: int
    thing: str
    text: str
    why: str


class Side(Value):
    """What came of one topic on one side, the engine's or the naive prompt's."""

    outcome: Literal["course", "failure", "error"]
    """`failure` is one with a stable code; `error` is anything else."""
    code: str | None = None
    message: str | None = None
    seconds: float
    """By the clock."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    figures: dict[str, Figure] = Field(default_factory=dict[str, Figure])
    card: ReportCard | None = None
    failing: tuple[Failing, ...] = ()
    course: CourseDraft | None = Field(default=None, exclude=True)
    """In a file of its own, for its size."""
    answer: str | None = Field(default=None, exclude=True)
    """What the naive prompt was answered with, word for word; with the course."""


class Tried(Value):
    """One topic, tried."""

    topic: Topic
    right: bool
    """Whether the engine did what is expected of it for such a topic."""
    engine: Side
    naive: Side | None
    """None where the baseline was not asked for."""


class Bar(Value):
    """One demand on the engine."""

    name: str
    label: str
    limit: str
    """In words, such as `at least 95 %`."""
    threshold: float | None = None
    value: float | None = None
    state: State
    reason: str | None = None
    """Why there is no value, or what a reader should look at."""


class Row(Value):
    """One metric of both sides, over the topics of which both made a course."""

    metric: str
    label: str
    unit: str
    better: str
    engine: Figure
    naive: Figure
    engine_wins: bool | None
    """None where neither direction is better. Equal is a win only where nothing better is possible."""


class Throughput(Value):
    """Tokens that the model wrote in a second: through the engine, and for the same prompts sent straight to it."""

    courses: int
    slots: int
    prompts: int
    engine: float
    direct: float


class Machine(Value):
    """Where it ran."""

    processors: int
    load: float | None
    """Of the last minute, when it began; None where the system does not say."""
    python: str
    system: str


class Model(Value):
    """What was asked."""

    id: str
    sha256: str | None
    speaks_chat: bool
    context_tokens: int
    slots: int


class Report(Value):
    """All of an evaluation."""

    version: int = 1
    partial: bool
    """It was broken off: what is here is right, and not all that was asked for."""
    began: datetime
    seconds: float
    lyo: str
    model: Model
    machine: Machine
    asked: int
    """Topics that were to be tried."""
    at_once: int
    bars: tuple[Bar, ...]
    rows: tuple[Row, ...]
    readability: dict[str, dict[str, Figure]]
    """By language, then by side."""
    key_positions: dict[str, tuple[int, int, int, int]]
    """By side."""
    throughput: Throughput | None
    tried: tuple[Tried, ...]

    @property
    def good(self) -> bool:
        """Whether it is whole and no bar fails."""
        return not self.partial and all(bar.state in {"holds", "skipped"} for bar in self.bars)
