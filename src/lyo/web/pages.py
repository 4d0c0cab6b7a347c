"""Lists over HTTP: the cursor of a request, checked."""

from uuid import UUID

from lyo.core.pagination import CursorKey, PageRequest
from lyo.core.settings import Settings


def cursor_key(settings: Settings, *, route: str, user_id: UUID) -> CursorKey:
    """The key of the cursors that this user may use on this list."""
    secret = settings.require_jwt_secret().encode()
    return CursorKey(secret=secret, scope=f"{route}\0{user_id}")


def page_request(key: CursorKey, limit: int, cursor: str | None) -> PageRequest:
    """What the client asks for; raises `InvalidCursor`."""
    return PageRequest(limit=limit, after=key.decode(cursor) if cursor is not None else None)
