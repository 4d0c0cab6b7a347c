"""Who may open a socket, decided before it is accepted, so that a refusal is a real HTTP status."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import WebSocket

from lyo.accounts.credentials import credentials_of
from lyo.accounts.service import identify
from lyo.accounts.tokens import TokenKey
from lyo.accounts.values import Principal
from lyo.core.errors import FieldError, Unauthorized, ValidationFailed
from lyo.tasks.errors import TaskNotFound
from lyo.tasks.service import get_task, get_task_unscoped
from lyo.tasks.values import TaskView
from lyo.web.deps import Resources

LONGEST_SEQ = 10
"""In digits; what has more is no number of ours and would not fit the column."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A socket that may be opened."""

    task: TaskView
    owner: Principal | None
    """Who is watching; None for the anonymous view."""
    subprotocol: str | None
    """What to select in the handshake; see `lyo.accounts.credentials`."""


async def admit(held: Resources, websocket: WebSocket, raw_task_id: str) -> Admission:
    """Admit the client of `websocket` to the task; raises `Unauthorized`, `InvalidToken` or `TaskNotFound`."""
    given = credentials_of(websocket)
    if given.token is None and held.settings.ws_require_auth:
        raise Unauthorized
    async with held.sessions() as session:
        owner = None
        if given.token is not None:
            owner = await identify(session, access_token=given.token, key=TokenKey.of(held.settings))
        task_id = _task_id(raw_task_id)
        if owner is None:
            task = await get_task_unscoped(session, task_id=task_id)
        else:
            task = await get_task(session, owner_id=owner.user_id, task_id=task_id)
    return Admission(task=task, owner=owner, subprotocol=given.subprotocol)


def read_after(raw: str | None) -> int | None:
    """The number of the last change that the client has seen; raises `ValidationFailed`."""
    if raw is None:
        return None
    if not (raw.isascii() and raw.isdecimal() and len(raw) < LONGEST_SEQ):
        raise ValidationFailed(errors=[FieldError("#/query/after", "A sequence number is expected, 0 or more.")])
    return int(raw)


def _task_id(raw: str) -> UUID:
    try:
        return UUID(raw)
    except ValueError:
        raise TaskNotFound from None
