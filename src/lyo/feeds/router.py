"""`/v1/feeds`."""

from fastapi import APIRouter

from lyo.accounts.deps import CurrentUser
from lyo.core.errors import InvalidCursor, InvalidToken, Unauthorized, ValidationFailed
from lyo.feeds import repo
from lyo.feeds.schemas import FeedItemBody, FeedPage
from lyo.web.deps import DEFAULT_PAGE, CursorQuery, LimitQuery, ResourcesDep, SessionDep
from lyo.web.pages import cursor_key, page_request
from lyo.web.problems import problems

router = APIRouter(prefix="/feeds", tags=["Feeds"])


@router.get("", responses=problems(InvalidCursor, Unauthorized, InvalidToken, ValidationFailed))
async def list_feed(
    session: SessionDep,
    user: CurrentUser,
    held: ResourcesDep,
    limit: LimitQuery = DEFAULT_PAGE,
    cursor: CursorQuery = None,
) -> FeedPage:
    """Read your feed.

    What has happened around you, newest first.
    """
    key = cursor_key(held.settings, route="feeds", user_id=user.user_id)
    page = await repo.page_of_feed(session, owner_id=user.user_id, page=page_request(key, limit, cursor))
    items = [
        FeedItemBody(id=row.id, type=row.type, title=row.title, content=row.content, created_at=row.created_at)
        for row in page.items
    ]
    return FeedPage(items=items, next_cursor=key.encode(page.next) if page.next else None)
