"""Who may open a socket, decided before it is accepted, so that a refusal is a real HTTP status."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import WebSocket
from starlette.requests import HTTPConnection

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
SUBPROTOCOL = "bearer"
"""Offered by browsers as the pair `bearer, <token>`; a browser cannot set the Authorization header."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A socket that may be opened."""

    task: TaskView
    owner: Principal | None
    """Who is watching; None for the anonymous view."""
    subprotocol: str | None
    """What to select in the handshake: clients that offered a subprotocol need one selected."""


async def admit(held: Resources, websocket: WebSocket, raw_task_id: str) -> Admission:
    """Admit the client of `websocket` to the task; raises `Unauthorized`, `InvalidToken` or `TaskNotFound`."""
    token, subprotocol = _credentials(websocket)
    if token is None and held.settings.ws_require_auth:
        raise Unauthorized
    async with held.sessions() as session:
        owner = None
        if token is not None:
            owner = await identify(session, access_token=token, key=TokenKey.of(held.settings))
        task_id = _task_id(raw_task_id)
        if owner is None:
            task = await get_task_unscoped(session, task_id=task_id)
        else:
            task = await get_task(session, owner_id=owner.user_id, task_id=task_id)
    return Admission(task=task, owner=owner, subprotocol=subprotocol)


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


def _credentials(connection: HTTPConnection) -> tuple[str | None, str | None]:
    """The token and the subprotocol to select. A broken Authorization header counts as a bad token, not as none."""
    header = connection.headers.get("authorization")
    offered = [part.strip() for part in connection.headers.get("sec-websocket-protocol", "").split(",") if part.strip()]
    if header is not None:
        scheme, _, token = header.partition(" ")
        return (token.strip() if scheme.lower() == "bearer" else ""), None
    if offered and offered[0] == SUBPROTOCOL:
        return (offered[1] if len(offered) > 1 else ""), SUBPROTOCOL
    return None, None
