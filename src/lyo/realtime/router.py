"""`/v1/ws/tasks/{task_id}`: progress as it happens."""

import asyncio
from contextlib import suppress
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Depends, Query, WebSocket
from starlette.websockets import WebSocketDisconnect

from lyo.accounts.service import until_logged_out
from lyo.accounts.tokens import CLOCK_SKEW
from lyo.accounts.values import Principal
from lyo.core.clock import now
from lyo.core.errors import Problem, Unavailable
from lyo.realtime.admission import Admission, admit, read_after
from lyo.realtime.messages import message_for
from lyo.realtime.stream import changes
from lyo.tasks.errors import TaskNotFound
from lyo.web.deps import Resources, resources
from lyo.web.problems import DATABASE_AWAY, problem_response

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

router = APIRouter()

SEND_SECONDS: Final = 5.0
"""A client that reads nothing for so long is dropped: uvicorn's ping does not free a send that is blocked."""
CLOSE_SECONDS: Final = 2.0
CLOSED_DONE: Final = 1000
CLOSED_TRY_AGAIN: Final = 1013
CLOSED_LOGGED_OUT: Final = 4401
"""The token has expired, or its log-in has ended."""
CLOSED_TASK_GONE: Final = 4404


@router.websocket("/ws/tasks/{task_id}")
async def watch_task(
    websocket: WebSocket,
    task_id: str,
    held: Annotated[Resources, Depends(resources)],
    after: Annotated[str | None, Query()] = None,
) -> None:
    """Follow a task: its state now, then each change; closed with 1000 after the last."""
    try:
        # Read here and not by FastAPI, which answers a wrong value with a 403 that says nothing.
        seen = read_after(after)
        admission = await admit(held, websocket, task_id)
    except Problem as problem:
        await websocket.send_denial_response(problem_response(problem, websocket))
        return
    except DATABASE_AWAY as error:
        log.warning("database.away", error=type(error).__name__)
        await websocket.send_denial_response(problem_response(Unavailable(), websocket))
        return
    await websocket.accept(subprotocol=admission.subprotocol)
    code = await _serve(websocket, held, admission, seen)
    if code is not None:
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await websocket.close(code)


async def _serve(websocket: WebSocket, held: Resources, admission: Admission, after: int | None) -> int | None:
    """Send until there is no more to send, and return the code to close with; None if the client has left."""
    telling: asyncio.Task[int | None] = asyncio.create_task(_tell(websocket, held, admission, after))
    # Reading notices a client that leaves while there is nothing to tell it.
    leaving: asyncio.Task[int | None] = asyncio.create_task(_until_gone(websocket))
    ends = {telling, leaving}
    life = None
    if admission.owner is not None:
        ends.add(asyncio.create_task(_until_logged_out(held, admission.owner)))
        life = (admission.owner.expires_at + CLOCK_SKEW - now()).total_seconds()  # as long as requests are let in
    try:
        done, _ = await asyncio.wait(ends, timeout=life, return_when=asyncio.FIRST_COMPLETED)
        # What there was to tell comes first, then why it is over.
        return await (telling if telling in done else done.pop()) if done else CLOSED_LOGGED_OUT
    except TaskNotFound:  # its owner has deleted the account
        return CLOSED_TASK_GONE
    except TimeoutError:
        log.info("socket.too_slow", task_id=str(admission.task.id))
        return CLOSED_TRY_AGAIN
    except DATABASE_AWAY as error:
        log.warning("database.away", error=type(error).__name__)
        return CLOSED_TRY_AGAIN
    except (WebSocketDisconnect, RuntimeError):  # gone in the middle of a message
        return None
    finally:
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)


async def _tell(websocket: WebSocket, held: Resources, admission: Admission, after: int | None) -> int | None:
    async for change in changes(held.sessions, held.watch, admission.task, after=after):
        message = message_for(change, owner=admission.owner is not None)
        async with asyncio.timeout(SEND_SECONDS):
            await websocket.send_text(message.model_dump_json(by_alias=True))
    return CLOSED_DONE


async def _until_logged_out(held: Resources, owner: Principal) -> int | None:
    await until_logged_out(held.sessions, held.watch, login_id=owner.login_id)
    return CLOSED_LOGGED_OUT


async def _until_gone(websocket: WebSocket) -> None:
    """Read and drop what the client says: it has nothing to say here."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
