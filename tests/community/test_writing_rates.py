"""How often one may post, comment and report."""

from uuid import uuid4

import pytest
from support.api import serving
from support.community import POSTS, crowd, once, report, say, write

from lyo.core.settings import Mode, Settings

pytestmark = pytest.mark.anyio


async def test_writing_is_limited_and_a_repetition_costs_nothing(settings: Settings) -> None:
    changes = {
        "lyo_mode": Mode.PRODUCTION,
        "rate_posts_per_user": "2/day",
        "rate_comments_per_user": "1/day",
        "rate_reports_per_user": "1/day",
    }
    async with serving(settings.model_copy(update=changes)) as api, crowd(api, 2) as (learner, other):
        key = uuid4().hex
        first = await learner.client.post(POSTS, json={"content": "First."}, headers=once(key))
        for _ in range(3):
            repeated = await learner.client.post(POSTS, json={"content": "First."}, headers=once(key))
            assert (repeated.status_code, repeated.json()) == (201, first.json())
        second = await learner.client.post(POSTS, json={"content": "Second."}, headers=once())
        assert second.status_code == 201
        assert '"posts";q=2;w=86400' in second.headers["ratelimit-policy"]
        assert '"posts";r=0;t=' in second.headers["ratelimit"]
        late = uuid4().hex
        third = await learner.client.post(POSTS, json={"content": "Third."}, headers=once(late))
        assert (third.status_code, third.json()["type"].rpartition("/")[2]) == (429, "too-many-requests")
        assert 1 <= int(third.headers["retry-after"]) <= 86400
        again = await learner.client.post(POSTS, json={"content": "First."}, headers=once(key))
        assert (again.status_code, again.json()) == (201, first.json())
        theirs = await write(other)
        await say(learner, theirs["id"])
        refused = await learner.client.post(f"{POSTS}/{theirs['id']}/comments", json={"content": "x"}, headers=once())
        assert refused.status_code == 429
        assert [(await report(learner, "user", other.id)).status_code for _ in range(2)] == [201, 429]
        assert (await learner.client.get(POSTS)).status_code == 200


async def test_a_developer_on_their_own_machine_may_write_as_much_as_they_like(settings: Settings) -> None:
    async with serving(settings) as api, crowd(api, 1) as (learner,):
        for number in range(12):
            await write(learner, f"post {number}")
