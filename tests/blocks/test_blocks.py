from uuid import uuid4

import pytest
from support.api import Api, Learner

pytestmark = pytest.mark.anyio


async def test_a_block_is_listed_and_taken_back(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    for _ in range(2):  # twice is once
        assert (await learner.client.put(f"/v1/users/{other.id}/block")).status_code == 204
    listed = (await learner.client.get("/v1/users/me/blocked")).json()
    assert [item["id"] for item in listed["items"]] == [str(other.id)]
    assert listed["items"][0]["displayName"] == "Test"
    assert listed["nextCursor"] is None
    assert (await other.client.get("/v1/users/me/blocked")).json()["items"] == []
    for _ in range(2):
        assert (await learner.client.delete(f"/v1/users/{other.id}/block")).status_code == 204
    assert (await learner.client.get("/v1/users/me/blocked")).json()["items"] == []
    await other.client.aclose()


async def test_nobody_and_oneself_cannot_be_blocked(learner: Learner) -> None:
    nobody = await learner.client.put(f"/v1/users/{uuid4()}/block")
    assert nobody.status_code == 404
    assert nobody.json()["type"].endswith("learner-not-found")
    oneself = await learner.client.put(f"/v1/users/{learner.id}/block")
    assert oneself.status_code == 422
    assert oneself.json()["detail"] == "You cannot block yourself."
    assert (await learner.client.put("/v1/users/me/block")).status_code == 422
