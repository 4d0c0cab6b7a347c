"""The bodies of `/v1/gamification/leaderboard`."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from lyo.core.pagination import CursorKey
from lyo.gamification.leaderboard.values import Entry, Standings
from lyo.web.schemas import OPTIONAL, CamelModel

Rank = Annotated[
    int, Field(description="One more than the number of learners who have more XP: 1, 2, 2, 4.", examples=[2])
]
Xp = Annotated[int, Field(description="What was earned in the period.", examples=[1250])]


class RankedLearnerBody(CamelModel):
    """A learner, as others see them."""

    id: UUID
    display_name: Annotated[str, Field(examples=["Ada"])]


class LeaderboardEntryBody(CamelModel):
    """A learner's place."""

    rank: Rank
    xp: Xp
    learner: RankedLearnerBody
    is_me: Annotated[bool, Field(description="Whether that is you.", examples=[False])]


class OwnStandingBody(CamelModel):
    """Where you stand."""

    rank: Rank
    xp: Xp
    neighbours: Annotated[
        list[LeaderboardEntryBody],
        Field(description="The two above you, yourself and the two below you, in the order of the board."),
    ]


class LeaderboardPage(CamelModel):
    """A page of a leaderboard, most XP first."""

    items: list[LeaderboardEntryBody]
    next_cursor: Annotated[
        str | None, Field(description="Ask for the next page with it; null at the end.", examples=[None])
    ]
    me: Annotated[
        OwnStandingBody | None,
        OPTIONAL,
        Field(description="Left out if you have no XP in the period, or do not want to be on leaderboards."),
    ] = None


def leaderboard_page(standings: Standings, key: CursorKey) -> LeaderboardPage:
    """The body that shows `standings`."""
    me, following = standings.me, standings.next
    return LeaderboardPage(
        items=[_entry(entry) for entry in standings.items],
        next_cursor=key.encode_number(following.xp, following.user_id) if following else None,
        me=me and OwnStandingBody(rank=me.rank, xp=me.xp, neighbours=[_entry(entry) for entry in standings.around_me]),
    )


def _entry(entry: Entry) -> LeaderboardEntryBody:
    return LeaderboardEntryBody(
        rank=entry.rank,
        xp=entry.xp,
        learner=RankedLearnerBody(id=entry.user_id, display_name=entry.display_name),
        is_me=entry.is_me,
    )
