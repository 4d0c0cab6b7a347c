import asyncio
from contextlib import suppress
from typing import Any

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import OperationalError
from support.api import PASSWORD, Api, Learner
from support.tasks import kick_off

from lyo.accounts.models import Login, PastTimeZone, User
from lyo.accounts.passwords import hash_password
from lyo.accounts.profiles import ZONES_KEPT, get_learner, get_profile, lock_learner, time_zone_at
from lyo.accounts.values import Principal
from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.core.errors import InvalidToken
from lyo.core.ids import new_id
from lyo.courses.models import Lesson
from lyo.tasks.models import Task

pytestmark = pytest.mark.anyio

NEXT = "another battery staple"


async def _log_in(api: Api, learner: Learner, password: str) -> Any:
    return await api.client.post("/v1/auth/login", json={"email": learner.email, "password": password})


async def test_a_change_touches_what_it_names_and_nothing_else(learner: Learner) -> None:
    before = (await learner.client.get("/v1/users/me")).json()
    changed = await learner.client.patch("/v1/users/me", json={"timeZone": "America/Argentina/Buenos_Aires"})
    assert changed.status_code == 200
    assert changed.json() == {**before, "timeZone": "America/Argentina/Buenos_Aires"}
    everything = {"displayName": "Ada", "locale": "es", "timeZone": "UTC", "leaderboardOptOut": True}
    assert (await learner.client.patch("/v1/users/me", json=everything)).json() == {**before, **everything}
    assert (await learner.client.patch("/v1/users/me", json={})).json() == {**before, **everything}
    assert (await learner.client.get("/v1/users/me")).json() == {**before, **everything}


@pytest.mark.parametrize(
    "change",
    [
        {"timeZone": None},
        {"timeZone": "Nowhere/Land"},
        {"displayName": ""},
        {"leaderboardOptOut": "maybe"},
        {"email": "other@example.com"},
        {"id": "1"},
        {"passwordHash": "x"},
    ],
)
async def test_what_cannot_be_changed_is_refused_whole(learner: Learner, change: dict[str, object]) -> None:
    before = (await learner.client.get("/v1/users/me")).json()
    answer = await learner.client.patch("/v1/users/me", json={"locale": "fr", **change})
    assert answer.status_code == 422
    assert (await learner.client.get("/v1/users/me")).json() == before


async def test_a_new_password_ends_the_other_log_ins(api: Api, learner: Learner) -> None:
    other = (await _log_in(api, learner, PASSWORD)).json()
    answer = await learner.client.put("/v1/users/me/password", json={"currentPassword": PASSWORD, "newPassword": NEXT})
    assert answer.status_code == 204
    assert (await learner.client.get("/v1/users/me")).status_code == 200
    elsewhere = {"Authorization": f"Bearer {other['access_token']}"}
    assert (await api.client.get("/v1/users/me", headers=elsewhere)).status_code == 401
    assert (await _log_in(api, learner, PASSWORD)).status_code == 401
    assert (await _log_in(api, learner, NEXT)).status_code == 200


async def test_a_log_in_with_the_old_password_does_not_outlive_a_change_at_the_same_moment(
    api: Api, learner: Learner
) -> None:
    hashed = await hash_password(NEXT)
    async with api.sessions() as changing, changing.begin():
        await changing.execute(select(User).where(User.id == learner.id).with_for_update())
        logging_in = asyncio.create_task(_log_in(api, learner, PASSWORD))
        await _somebody_waits(api)
        await changing.execute(update(User).where(User.id == learner.id).values(password_hash=hashed))
        await changing.commit()
    assert (await logging_in).status_code == 401


@pytest.mark.parametrize(
    ("meanwhile", "status", "slug"),
    [
        (update(User).values(password_hash=Argon2Hasher().hash("of another request")), 403, "wrong-password"),
        (update(Login).values(revoked_at=func.now()), 401, "invalid-token"),
        (delete(User), 401, "invalid-token"),
    ],
    ids=["changed", "logged out", "deleted"],
)
async def test_a_change_that_was_let_in_before_another_came_first_is_too_late(
    api: Api, learner: Learner, meanwhile: Any, status: int, slug: str
) -> None:
    async with api.sessions() as first, first.begin():
        await first.execute(select(User).where(User.id == learner.id).with_for_update())
        body = {"currentPassword": PASSWORD, "newPassword": NEXT}
        second = asyncio.create_task(learner.client.put("/v1/users/me/password", json=body))
        await _somebody_waits(api)
        await first.execute(meanwhile)
        await first.commit()
    answer = await second
    assert answer.status_code == status
    assert answer.json()["type"].endswith(f"/{slug}")
    assert (await _log_in(api, learner, NEXT)).status_code == 401


async def test_deleting_and_a_worker_at_work_do_not_keep_each_other_waiting(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    async with api.sessions() as working, working.begin():
        await working.execute(update(Task).where(Task.id == task_id).values(message="Writing…"))
        deleting = asyncio.create_task(learner.client.delete("/v1/users/me"))
        await _somebody_waits(api)
        working.add(Lesson(course_id=course_id, order_index=1, title="Leaves", objective="Know them"))
        with suppress(OperationalError):  # one of the two is broken off, and comes again
            await working.flush()
            await working.commit()
    assert (await deleting).status_code == 204


async def _somebody_waits(api: Api) -> None:
    async with asyncio.timeout(10), api.sessions() as watching:
        while not await watching.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_without_the_present_password_nothing_changes(api: Api, learner: Learner) -> None:
    answer = await learner.client.put("/v1/users/me/password", json={"currentPassword": "guess", "newPassword": NEXT})
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/wrong-password")
    weak = await learner.client.put(
        "/v1/users/me/password", json={"currentPassword": PASSWORD, "newPassword": "password1"}
    )
    assert weak.status_code == 422
    assert (await _log_in(api, learner, PASSWORD)).status_code == 200


async def test_who_is_deleted_in_the_middle_of_a_request_is_not_logged_in(api: Api, learner: Learner) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(delete(User).where(User.id == learner.id))
        gone = Principal(user_id=learner.id, login_id=new_id(), locale="en", expires_at=now())
        with pytest.raises(InvalidToken):
            await get_profile(session, principal=gone)


async def test_the_time_zones_of_the_last_days_are_remembered(api: Api, learner: Learner) -> None:
    before = now()
    for zone in ("Asia/Tokyo", "Asia/Tokyo", "Europe/Paris"):
        await learner.client.patch("/v1/users/me", json={"timeZone": zone})
    async with transaction(api.sessions, api.bus) as session:
        learning = await lock_learner(session, owner_id=learner.id)
        assert await time_zone_at(session, learner=learning, at=before) == "UTC"
        assert await time_zone_at(session, learner=learning, at=now()) == "Europe/Paris"
        kept = (await session.scalars(select(PastTimeZone.time_zone).order_by(PastTimeZone.until))).all()
        assert kept == ["UTC", "Asia/Tokyo"]
        long_ago = update(PastTimeZone).values(until=PastTimeZone.until - ZONES_KEPT)
        await session.execute(long_ago)
    await learner.client.patch("/v1/users/me", json={"timeZone": "UTC"})
    async with api.sessions() as session:
        assert (await session.scalars(select(PastTimeZone.time_zone))).all() == ["Europe/Paris"]


async def test_who_is_gone_learns_no_more(api: Api) -> None:
    nobody = Principal(user_id=new_id(), login_id=new_id(), locale="en", expires_at=now())
    async with api.sessions() as session:
        with pytest.raises(InvalidToken):
            await lock_learner(session, owner_id=nobody.user_id)
        with pytest.raises(InvalidToken):
            await get_learner(session, principal=nobody)
