from typing import Any

import pytest
from sqlalchemy import delete
from support.api import PASSWORD, Api, Learner

from lyo.accounts.errors import InvalidToken
from lyo.accounts.models import User
from lyo.accounts.profiles import get_profile
from lyo.accounts.values import Principal
from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.core.ids import new_id

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
