"""`/v1/users/me/export`."""

from fastapi import APIRouter, Response

from lyo.accounts.deps import CurrentUser
from lyo.core.clock import now
from lyo.core.errors import InvalidToken, Unauthorized
from lyo.privacy import service
from lyo.privacy.schemas import ExportBody, ExportedRecord
from lyo.web.deps import SessionDep
from lyo.web.problems import problems

router = APIRouter(prefix="/users/me", tags=["Accounts"])

EXPORT_HEADERS = {
    "Content-Disposition": {"description": "A name for the file.", "schema": {"type": "string"}},
}


@router.get("/export", responses={200: {"headers": EXPORT_HEADERS}, **problems(Unauthorized, InvalidToken)})
async def export_me(session: SessionDep, user: CurrentUser, response: Response) -> ExportBody:
    """Export all that we hold about you.

    As one JSON document. Not in it: digests of passwords and tokens, and the keys of quizzes.
    """
    response.headers["Content-Disposition"] = 'attachment; filename="lyo-export.json"'
    found = await service.everything_of(session, owner_id=user.user_id)
    return ExportBody(exported_at=now(), records=[ExportedRecord(kind=kind, fields=fields) for kind, fields in found])
