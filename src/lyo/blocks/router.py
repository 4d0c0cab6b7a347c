"""`/v1/users/{id}/block` and the list of those who are blocked."""

from uuid import UUID

from fastapi import APIRouter, status

from lyo.accounts.deps import CurrentUser
from lyo.blocks import service
from lyo.blocks.errors import CannotBlockYourself, LearnerNotFound
from lyo.blocks.schemas import BlockedPage, blocked_body
from lyo.core.errors import InvalidCursor, InvalidToken, Unauthorized, ValidationFailed
from lyo.web.deps import DEFAULT_PAGE, CursorQuery, LimitQuery, ResourcesDep, SessionDep
from lyo.web.pages import cursor_key, page_request
from lyo.web.problems import problems

router = APIRouter(prefix="/users", tags=["Community"])


@router.get("/me/blocked", responses=problems(InvalidCursor, Unauthorized, InvalidToken, ValidationFailed))
async def list_blocked(
    session: SessionDep,
    user: CurrentUser,
    held: ResourcesDep,
    limit: LimitQuery = DEFAULT_PAGE,
    cursor: CursorQuery = None,
) -> BlockedPage:
    """List whom you have blocked.

    The last that you blocked first.
    """
    key = cursor_key(held.settings, route="blocked", user_id=user.user_id)
    page = await service.list_blocked(session, owner_id=user.user_id, page=page_request(key, limit, cursor))
    return BlockedPage(
        items=[blocked_body(blocked) for blocked in page.items],
        next_cursor=key.encode(page.next) if page.next else None,
    )


@router.put(
    "/{user_id}/block",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, LearnerNotFound, ValidationFailed, CannotBlockYourself),
)
async def block(user_id: UUID, session: SessionDep, user: CurrentUser) -> None:
    """Block somebody.

    From now on neither of you sees anything of the other. They are not told.
    """
    await service.block(session, owner_id=user.user_id, other_id=user_id)


@router.delete(
    "/{user_id}/block",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, ValidationFailed),
)
async def unblock(user_id: UUID, session: SessionDep, user: CurrentUser) -> None:
    """Unblock somebody.

    Whether or not you have blocked them.
    """
    await service.unblock(session, owner_id=user.user_id, other_id=user_id)
