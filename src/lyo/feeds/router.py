"""`/v1/feeds`."""

from fastapi import APIRouter

from lyo.accounts.deps import CurrentUser
from lyo.core.errors import InvalidCursor, InvalidToken, Unauthorized, ValidationFailed
from lyo.feeds.schemas import FeedPage, feed_item_body
from lyo.feeds.service import read_feed
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

    What you have finished, earned and posted, and what others have who show it, newest first. Nothing of people whom
    you have blocked or who have blocked you.
    """
    key = cursor_key(held.settings, route="feeds", user_id=user.user_id)
    page = await read_feed(session, owner_id=user.user_id, page=page_request(key, limit, cursor))
    return FeedPage(
        items=[feed_item_body(entry) for entry in page.items], next_cursor=key.encode(page.next) if page.next else None
    )
