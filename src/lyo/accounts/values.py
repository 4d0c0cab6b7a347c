"""What crosses the border of this slice."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What somebody may do: learn, or see to it besides that learners are good to each other."""

    LEARNER = "learner"
    MODERATOR = "moderator"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, and until when their access token holds."""

    user_id: UUID
    login_id: UUID
    locale: str
    expires_at: datetime
    is_moderator: bool = False


@dataclass(frozen=True, slots=True)
class Moderator:
    """Somebody whom the operator has made a moderator."""

    email: str | None
    display_name: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client needs to stay logged in."""

    access_token: str
    refresh_token: str
    expires_in: int
    """Life of the access token, in seconds."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """A learner who comes for the first time; the address is in lower case, and Apple's is not in here."""

    email: str | None
    display_name: str
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Learner:
    """Who learns: what the slices above need to know when something happens to them."""

    user_id: UUID
    display_name: str
    time_zone: str
    leaderboard_opt_out: bool
    shares_milestones: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """What a learner sees and changes of themselves."""

    user_id: UUID
    email: str | None
    display_name: str
    locale: str
    time_zone: str
    leaderboard_opt_out: bool
    shares_milestones: bool
    created_at: datetime
