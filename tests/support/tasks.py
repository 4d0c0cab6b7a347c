"""Tasks as tests need them: promised over the API, worked on by the real machine."""

from uuid import UUID, uuid4

from lyo.core.bus import transaction
from lyo.tasks import machine
from lyo.tasks.values import Claim
from support.api import Api, Learner


async def kick_off(learner: Learner, *, topic: str = "photosynthesis", key: str | None = None) -> tuple[UUID, UUID]:
    """Ask for a course; returns the ids of its task and of itself."""
    answer = await learner.client.post(
        "/v1/courses:generate", json={"topic": topic}, headers={"Idempotency-Key": key or uuid4().hex}
    )
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["task_id"]), UUID(answer.json()["provisional_course_id"])


async def claim(api: Api, task_id: UUID, *, owner: str = "test") -> Claim:
    """Claim a task that can be claimed."""
    async with transaction(api.sessions, api.bus) as session:
        claimed = await machine.claim(session, task_id=task_id, owner=owner)
    assert claimed is not None
    return claimed


async def advance(api: Api, claimed: Claim, step: str, progress_pct: int) -> None:
    """Finish a step that made nothing."""
    async with transaction(api.sessions, api.bus) as session:
        await machine.advance(session, claimed, step=step, output={}, progress_pct=progress_pct, message=f"{step} done")


async def finish(api: Api, claimed: Claim) -> None:
    """End the task as DONE."""
    async with transaction(api.sessions, api.bus) as session:
        await machine.finish(session, claimed, message="Your course is ready.")
