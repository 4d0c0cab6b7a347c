"""The bodies of learning: progress, attempts, reviews, activity."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StrictBool

from lyo.courses.learning.activity import Activity, ActivityType
from lyo.courses.learning.values import Attempt, Choice, Marked, Progress, Report, Reviewed, ReviewView
from lyo.courses.schemas import QuestionBody, question_body
from lyo.gamification.schemas import BadgeBody, badge_body
from lyo.gamification.values import BadgeView, Reward
from lyo.web.schemas import LEFT_OUT, OPTIONAL, WHOLE_NUMBER, CamelModel, CamelRequest, ClientTime, Timestamp

MOST_QUESTIONS: Final = 50
FURTHEST: Final = 1_000_000
"""A video of eleven days."""

OccurredAt = Annotated[
    ClientTime,
    Field(
        description="When it happened by the phone's clock, if you send it later: for the streak, and for where you "
        "were last. At most seven days ago; leave it out for now.",
    ),
]
Option = Annotated[int, Field(ge=0, le=3, description="The place of an option, from 0.", examples=[1]), WHOLE_NUMBER]
NewXp = Annotated[int, Field(ge=0, description="What this has earned; 0 if it had been earned before.", examples=[10])]
NewBadges = Annotated[list[BadgeBody], Field(description="Earned by this, to be celebrated.")]


class ProgressRequest(CamelRequest):
    """How far you are with an item. Nothing goes back: send what you know, as often as you like, in any order."""

    item_id: UUID
    completed: Annotated[StrictBool, Field(description="Whether you are done with it.")] = False
    position: Annotated[
        int,
        Field(
            ge=0, le=FURTHEST, description="The second of a `video`, the percentage of anything else.", examples=[42]
        ),
        WHOLE_NUMBER,
    ] = 0
    occurred_at: OccurredAt = LEFT_OUT

    def report(self) -> Report:
        """The checked report."""
        return Report(
            item_id=self.item_id, completed=self.completed, position=self.position, occurred_at=self.occurred_at
        )


class ProgressBody(CamelModel):
    """How far you are with the course now."""

    course_id: UUID
    completed_items: Annotated[int, Field(ge=0, examples=[3])]
    total_items: Annotated[int, Field(ge=0, description="Of the lessons that are ready.", examples=[20])]
    progress_pct: Annotated[int, Field(ge=0, le=100, description="100 once all of a whole course is done.")]
    completed_at: Annotated[Timestamp | None, OPTIONAL, Field(description="When you had done all of it.")] = None
    xp_awarded: NewXp
    new_badges: NewBadges


class AnswerRequest(CamelRequest):
    """What you choose for a question."""

    question_id: UUID
    option: Option


class AttemptRequest(CamelRequest):
    """Your answers to some or all questions of a quiz."""

    answers: Annotated[list[AnswerRequest], Field(min_length=1, max_length=MOST_QUESTIONS)]
    occurred_at: OccurredAt = LEFT_OUT

    def choices(self) -> list[Choice]:
        """The checked answers."""
        return [Choice(question_id=answer.question_id, option=answer.option) for answer in self.answers]


class MarkedBody(CamelModel):
    """An answer, marked; with it comes all that was kept back until now."""

    question_id: UUID
    correct: bool
    correct_option: Annotated[int, Field(ge=0, le=3, examples=[1])]
    explanation: Annotated[str, Field(examples=["Chloroplasts hold the chlorophyll that catches the light."])]
    quote: Annotated[
        str | None,
        OPTIONAL,
        Field(description="The words that prove it.", examples=["Photosynthesis takes place in the chloroplasts."]),
    ] = None
    source_url: Annotated[
        str | None,
        Field(description="Where these words stand.", examples=["https://en.wikipedia.org/wiki/Photosynthesis"]),
    ]


class AttemptBody(CamelModel):
    """How you did."""

    score: Annotated[int, Field(ge=0, description="Right answers of this attempt.", examples=[2])]
    total: Annotated[int, Field(ge=1, description="Questions of the quiz.", examples=[3])]
    xp_awarded: NewXp
    results: Annotated[list[MarkedBody], Field(description="One for each answer, in its order.")]
    new_badges: NewBadges


class ReviewBody(CamelModel):
    """A question that you are about to forget."""

    id: UUID
    course_id: UUID
    course_title: Annotated[str, Field(examples=["Photosynthesis"])]
    item_id: UUID
    question: QuestionBody
    due_at: Timestamp


class ReviewPage(CamelModel):
    """A page of what is due, what waits longest first."""

    items: list[ReviewBody]
    next_cursor: Annotated[
        str | None, Field(description="Ask for the next page with it; null at the end.", examples=[None])
    ]


class ReviewRequest(CamelRequest):
    """Your answer to a question that is due."""

    option: Option
    occurred_at: OccurredAt = LEFT_OUT


class ReviewedBody(CamelModel):
    """How you did, and when the question comes again."""

    result: MarkedBody
    due_at: Timestamp
    xp_awarded: NewXp
    new_badges: NewBadges


class ActivityRequest(CamelRequest):
    """What has happened in the app. An `item_studied` names its item, a `course_shared` its course."""

    type: ActivityType
    item_id: Annotated[UUID, Field(description="Of an `item_studied`.")] = LEFT_OUT
    course_id: Annotated[UUID, Field(description="Of a `course_shared`.")] = LEFT_OUT
    occurred_at: OccurredAt = LEFT_OUT

    def activity(self) -> Activity:
        """The checked activity."""
        return Activity(type=self.type, item_id=self.item_id, course_id=self.course_id, occurred_at=self.occurred_at)


class ActivityBody(CamelModel):
    """What it was worth."""

    xp_awarded: NewXp
    new_badges: NewBadges


def progress_body(progress: Progress) -> ProgressBody:
    """The body that shows `progress`."""
    return ProgressBody(
        course_id=progress.course_id,
        completed_items=progress.completed_items,
        total_items=progress.total_items,
        progress_pct=progress.progress_pct,
        completed_at=progress.learned_at,
        xp_awarded=progress.xp_awarded,
        new_badges=_badges(progress.new_badges),
    )


def attempt_body(attempt: Attempt) -> AttemptBody:
    """The body that shows `attempt`."""
    return AttemptBody(
        score=attempt.score,
        total=attempt.total,
        xp_awarded=attempt.xp_awarded,
        results=[_marked_body(result) for result in attempt.results],
        new_badges=_badges(attempt.new_badges),
    )


def review_body(review: ReviewView) -> ReviewBody:
    """The body that shows `review`."""
    return ReviewBody(
        id=review.id,
        course_id=review.course_id,
        course_title=review.course_title,
        item_id=review.item_id,
        question=question_body(review.question),
        due_at=review.due_at,
    )


def reviewed_body(reviewed: Reviewed) -> ReviewedBody:
    """The body that shows `reviewed`."""
    return ReviewedBody(
        result=_marked_body(reviewed.marked),
        due_at=reviewed.due_at,
        xp_awarded=reviewed.xp_awarded,
        new_badges=_badges(reviewed.new_badges),
    )


def activity_body(reward: Reward) -> ActivityBody:
    """The body that shows `reward`."""
    return ActivityBody(xp_awarded=reward.xp, new_badges=_badges(reward.badges))


def _marked_body(marked: Marked) -> MarkedBody:
    return MarkedBody(
        question_id=marked.question_id,
        correct=marked.correct,
        correct_option=marked.correct_option,
        explanation=marked.explanation,
        quote=marked.quote,
        source_url=marked.source_url,
    )


def _badges(badges: tuple[BadgeView, ...]) -> list[BadgeBody]:
    return [badge_body(badge) for badge in badges]
