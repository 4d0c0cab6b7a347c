"""`/v1/users/me`, as far as it reaches into all slices: what others see of a learner, and all that is held of them."""

from fastapi import APIRouter, Response

from lyo.accounts.deps import CurrentUser
from lyo.accounts.schemas import ProfileBody, ProfileRequest, profile_body
from lyo.core.clock import now
from lyo.core.errors import InvalidToken, Unauthorized, ValidationFailed
from lyo.privacy import service
from lyo.privacy.schemas import ExportBody, ExportedRecord
from lyo.web.deps import SessionDep
from lyo.web.problems import problems

router = APIRouter(prefix="/users/me", tags=["Accounts"])

EXPORT_HEADERS = {
    "Content-Disposition": {"description": "A name for the file.", "schema": {"type": "string"}},
}


@router.patch("", responses=problems(Unauthorized, InvalidToken, ValidationFailed))
async def update_me(body: ProfileRequest, session: SessionDep, user: CurrentUser) -> ProfileBody:
    """Change your profile.

    Fields that are left out stay as they are. Send the time zone whenever the phone's has changed: your days, and so
    your streak, go by it. What you show of yourself to others, or no longer, holds at once and for what was before.
    """
    return profile_body(await service.change_profile(session, principal=user, changes=body.changes(), moment=now()))


@router.get("/export", responses={200: {"headers": EXPORT_HEADERS}, **problems(Unauthorized, InvalidToken)})
async def export_me(session: SessionDep, user: CurrentUser, response: Response) -> ExportBody:
    """Export all that we hold about you.

    As one JSON document. Not in it: digests of passwords and tokens, and the keys of quizzes.
    """
    response.headers["Content-Disposition"] = 'attachment; filename="lyo-export.json"'
    found = await service.everything_of(session, owner_id=user.user_id)
    return ExportBody(exported_at=now(), records=[ExportedRecord(kind=kind, fields=fields) for kind, fields in found])
