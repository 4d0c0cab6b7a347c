"""`/v1/gamification`: what a learner has earned."""

from fastapi import APIRouter

from lyo.accounts.deps import CurrentUser
from lyo.accounts.profiles import get_learner
from lyo.core.clock import now
from lyo.core.errors import InvalidToken, Unauthorized
from lyo.gamification import service
from lyo.gamification.schemas import GamificationBody, gamification_body
from lyo.reviews.service import count_due
from lyo.web.deps import SessionDep
from lyo.web.problems import problems

router = APIRouter(prefix="/gamification", tags=["Gamification"])


@router.get("/profile", responses=problems(Unauthorized, InvalidToken))
async def get_gamification_profile(session: SessionDep, user: CurrentUser) -> GamificationBody:
    """See what you have earned.

    XP, streak and badges, and what is due. Days are your own: they go by the time zone of your profile, and a flight
    breaks no streak.
    """
    moment = now()
    learner = await get_learner(session, principal=user)
    due = await count_due(session, owner_id=user.user_id, moment=moment)
    return gamification_body(await service.totals(session, learner=learner, moment=moment), reviews_due=due)
