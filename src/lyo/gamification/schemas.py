"""The bodies of `/v1/gamification`."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from lyo.gamification.values import BadgeView, Figure, Totals
from lyo.web.schemas import OPTIONAL, CamelModel, Timestamp

Count = Annotated[int, Field(ge=0)]


class BadgeBody(CamelModel):
    """A badge that you have earned."""

    id: UUID
    slug: Annotated[str, Field(description="A name for programs, the same for ever.", examples=["whole-week"])]
    name: Annotated[str, Field(examples=["A whole week"])]
    description: Annotated[str, Field(description="How it is earned.", examples=["Learn seven days in a row."])]
    icon_url: Annotated[
        str | None,
        OPTIONAL,
        Field(description="A picture of it, where there is one.", examples=["https://example.org/b.png"]),
    ] = None
    symbol: Annotated[str, Field(description="The name of an SF Symbol.", examples=["calendar"])]
    earned_at: Timestamp


class GamificationBody(CamelModel):
    """What you have earned, and how your streak stands."""

    xp: Annotated[Count, Field(description="In all.", examples=[420])]
    streak: Annotated[
        Count, Field(description="Your own days in a row on which you have learned, as of now.", examples=[6])
    ]
    longest_streak: Annotated[Count, Field(examples=[12])]
    counts_today: Annotated[bool, Field(description="Whether today is in the streak already.", examples=[True])]
    day_ends_at: Annotated[Timestamp, Field(description="When your day ends, in your time zone.")]
    freezes: Annotated[
        Count,
        Field(description="Missed days that the streak will survive. Seven days of it earn one; three are kept."),
    ]
    reviews_due: Annotated[Count, Field(description="Questions to answer again now: `GET /v1/reviews`.")]
    items_completed: Count
    courses_completed: Count
    questions_right: Annotated[Count, Field(description="Right at the first try.")]
    perfect_quizzes: Annotated[Count, Field(description="All right at the first try.")]
    reviews_done: Count
    posts_written: Count
    badges: Annotated[list[BadgeBody], Field(description="Yours, the last first.")]


def badge_body(badge: BadgeView) -> BadgeBody:
    """The body that shows `badge`."""
    return BadgeBody(
        id=badge.id,
        slug=badge.slug,
        name=badge.name,
        description=badge.description,
        icon_url=badge.icon_url,
        symbol=badge.symbol,
        earned_at=badge.earned_at,
    )


def gamification_body(totals: Totals, *, reviews_due: int) -> GamificationBody:
    """The body that shows `totals`."""
    return GamificationBody(
        xp=totals.xp,
        streak=totals.standing.current,
        longest_streak=totals.standing.longest,
        counts_today=totals.standing.counts_today,
        day_ends_at=totals.standing.day_ends_at,
        freezes=totals.standing.freezes,
        reviews_due=reviews_due,
        items_completed=totals.figures[Figure.ITEMS_COMPLETED],
        courses_completed=totals.figures[Figure.COURSES_COMPLETED],
        questions_right=totals.figures[Figure.QUESTIONS_RIGHT],
        perfect_quizzes=totals.figures[Figure.PERFECT_QUIZZES],
        reviews_done=totals.figures[Figure.REVIEWS_DONE],
        posts_written=totals.figures[Figure.POSTS_WRITTEN],
        badges=[badge_body(badge) for badge in totals.badges],
    )
