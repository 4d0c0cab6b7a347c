"""`/v1/tasks`: poll, list, cancel."""

import asyncio
import re
from contextlib import suppress
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response

from lyo.accounts.deps import BriefUser, CurrentUser
from lyo.accounts.service import check_logged_in
from lyo.accounts.values import Principal
from lyo.accounts.watching import LOGINS
from lyo.core.errors import InvalidCursor, InvalidToken, Unauthorized, ValidationFailed
from lyo.tasks import service
from lyo.tasks.errors import TaskNotFound
from lyo.tasks.schemas import TaskBody, TaskPage, task_body
from lyo.tasks.values import TaskView
from lyo.tasks.watching import CHANGES
from lyo.web.deps import DEFAULT_PAGE, CursorQuery, LimitQuery, ResourcesDep, SessionDep
from lyo.web.headers import headers
from lyo.web.pages import cursor_key, page_request
from lyo.web.problems import problems

router = APIRouter(prefix="/tasks", tags=["Tasks"])

LONGEST_WAIT: Final = 30
POLL_HEADERS: Final = ("ETag", "Cache-Control", "Preference-Applied")
_WAIT: Final = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d+)(?=$|[,;\s])", re.IGNORECASE | re.ASCII)

PreferHeader = Annotated[
    str | None,
    Header(
        alias="prefer",
        description=f"`wait=N` holds the answer up to N seconds (at most {LONGEST_WAIT}) until something changes.",
    ),
]
EtagHeader = Annotated[
    str | None, Header(alias="If-None-Match", description="The `ETag` that you have: 304 while nothing has changed.")
]


def _preferences(request: Request, _in_the_contract: PreferHeader = None) -> str:
    return _all_of(request, "prefer")


def _known_tags(request: Request, _in_the_contract: EtagHeader = None) -> str:
    return _all_of(request, "if-none-match")


def _all_of(request: Request, header: str) -> str:
    """A header that is a list, however many lines it was sent in: RFC 9110, 5.3."""
    return ", ".join(request.headers.getlist(header))


@router.get(
    "/{task_id}",
    response_model=TaskBody,
    responses={
        200: {"headers": headers(*POLL_HEADERS)},
        304: {
            "description": "Nothing has changed since the `ETag` in `If-None-Match`.",
            "headers": headers(*POLL_HEADERS),
        },
        **problems(Unauthorized, InvalidToken, TaskNotFound, ValidationFailed),
    },
)
async def get_task(
    task_id: UUID,
    user: BriefUser,
    held: ResourcesDep,
    response: Response,
    prefer: Annotated[str, Depends(_preferences)],
    if_none_match: Annotated[str, Depends(_known_tags)],
) -> TaskBody | Response:
    """See how a task is getting on.

    The state of a task at this moment, numbered by `seq` and tagged by `ETag`. With `If-None-Match` the answer is
    304 while nothing has changed, and with `Prefer: wait=N` it is held back until something does: the same as the
    WebSocket, for clients that cannot keep one.
    """
    seconds = _wait_seconds(prefer)
    with held.watch.watching(CHANGES, task_id) as changed, held.watch.watching(LOGINS, user.login_id, changed):
        task = await _read(held, user, task_id)
        known = if_none_match or _etag(task)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while seconds and not task.state.is_final and _matches(known, task):
                    await changed.wait()
                    changed.clear()
                    task = await _read_on(held, user, task_id)
    sent = {"ETag": _etag(task), "Cache-Control": "no-store"}
    if seconds:
        sent["Preference-Applied"] = f"wait={seconds}"
    if if_none_match and _matches(if_none_match, task):
        return Response(status_code=304, headers=sent)
    response.headers.update(sent)
    return task_body(task)


@router.get("", responses=problems(InvalidCursor, Unauthorized, InvalidToken, ValidationFailed))
async def list_tasks(
    session: SessionDep,
    user: CurrentUser,
    held: ResourcesDep,
    limit: LimitQuery = DEFAULT_PAGE,
    cursor: CursorQuery = None,
) -> TaskPage:
    """List your tasks.

    Newest first. An app that was killed finds its running tasks here.
    """
    key = cursor_key(held.settings, route="tasks", user_id=user.user_id)
    page = await service.list_tasks(session, owner_id=user.user_id, page=page_request(key, limit, cursor))
    return TaskPage(
        items=[task_body(task) for task in page.items], next_cursor=key.encode(page.next) if page.next else None
    )


@router.delete("/{task_id}", responses=problems(Unauthorized, InvalidToken, TaskNotFound, ValidationFailed))
async def cancel_task(task_id: UUID, session: SessionDep, user: CurrentUser) -> TaskBody:
    """Cancel a task.

    A running task ends as ERROR with `errorCode` "cancelled"; lessons that are finished stay readable. A task that
    has ended already stays as it is.
    """
    return task_body(await service.cancel_task(session, owner_id=user.user_id, task_id=task_id))


async def _read(held: ResourcesDep, user: Principal, task_id: UUID) -> TaskView:
    # A session of its own each time: a poll that waits holds no connection.
    async with held.sessions() as session:
        return await service.get_task(session, owner_id=user.user_id, task_id=task_id)


async def _read_on(held: ResourcesDep, user: Principal, task_id: UUID) -> TaskView:
    """As `_read`, for somebody who was let in a while ago; raises `InvalidToken`."""
    async with held.sessions() as session:
        await check_logged_in(session, principal=user)
        return await service.get_task(session, owner_id=user.user_id, task_id=task_id)


def _wait_seconds(prefer: str) -> int:
    found = _WAIT.search(prefer)
    # No more digits than say that it is long: Python refuses to read thousands of them.
    return min(int(found[1].lstrip("0")[:4] or 0), LONGEST_WAIT) if found else 0


def _etag(task: TaskView) -> str:
    return f'"{task.seq}"'


def _matches(if_none_match: str, task: TaskView) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or _etag(task) in tags
