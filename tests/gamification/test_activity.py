from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from support.api import Api, Learner
from support.learning import new_course, profile

from lyo.accounts.models import User
from lyo.accounts.profiles import lock_learner
from lyo.core.bus import transaction
from lyo.core.clock import now
from lyo.gamification.service import reward
from lyo.gamification.values import WORTH, Deed, Happening, Kind
from lyo.web.schemas import whole_seconds

pytestmark = pytest.mark.anyio


async def _tell(learner: Learner, key: str | None = None, **said: Any) -> Any:
    return await learner.client.post(
        "/v1/gamification/activity", json=said, headers={"Idempotency-Key": key or uuid4().hex}
    )


async def test_a_visit_is_worth_something_once_a_day(learner: Learner) -> None:
    visit = WORTH[Kind.DAILY_VISIT].amount
    assert (await _tell(learner, type="daily_visit")).json()["xpAwarded"] == visit
    assert (await _tell(learner, type="daily_visit")).json()["xpAwarded"] == 0
    totals = await profile(learner)
    assert (totals["xp"], totals["streak"]) == (visit, 0)  # to look in is not to learn


async def test_a_day_that_begins_in_another_of_utc_counts(api: Api, learner: Learner) -> None:
    async with transaction(api.sessions, api.bus) as session:  # always, and not only from now on
        await session.execute(update(User).where(User.id == learner.id).values(time_zone="Asia/Tokyo"))
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    visits = [midnight + timedelta(hours=hours) for hours in (11, 23)]  # in the evening, and in the next morning
    earned = [(await _tell(learner, type="daily_visit", occurredAt=whole_seconds(at))).json() for at in visits]
    assert [answer["xpAwarded"] for answer in earned] == [5, 5]


async def test_an_item_counts_once_a_day_and_for_the_streak(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner, lessons=1)
    item_id = course.id_of("text")
    assert (await _tell(learner, type="item_studied", itemId=item_id)).json()["xpAwarded"] == 2
    assert (await _tell(learner, type="item_studied", itemId=item_id)).json()["xpAwarded"] == 0
    yesterday = whole_seconds(now() - timedelta(days=1))
    late = await _tell(learner, type="item_studied", itemId=item_id, occurredAt=yesterday)
    assert late.json()["xpAwarded"] == 2
    assert (await profile(learner))["streak"] == 2
    long_ago = whole_seconds(now() - timedelta(days=8))
    assert (await _tell(learner, type="item_studied", itemId=item_id, occurredAt=long_ago)).json()["xpAwarded"] == 0


async def test_a_course_is_shared_once(api: Api, learner: Learner) -> None:
    course = await new_course(api, learner, lessons=1)
    shared = [(await _tell(learner, type="course_shared", courseId=str(course.id))).json() for _ in range(2)]
    assert [answer["xpAwarded"] for answer in shared] == [5, 0]


async def test_the_same_key_is_told_once(learner: Learner) -> None:
    key = uuid4().hex
    first, again = [await _tell(learner, key, type="daily_visit") for _ in range(2)]
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    without = await learner.client.post("/v1/gamification/activity", json={"type": "daily_visit"})
    assert without.status_code == 400


async def test_the_client_names_no_amount_and_only_what_is_its_own(api: Api, learner: Learner) -> None:
    other = await api.new_learner()
    course = await new_course(api, other, lessons=1)
    wrong: tuple[tuple[dict[str, Any], int], ...] = (
        ({"type": "daily_visit", "xp": 1000}, 422),
        ({"type": "won_the_lottery"}, 422),
        ({"type": "item_studied"}, 404),
        ({"type": "course_shared", "itemId": str(uuid4())}, 404),
        ({"type": "item_studied", "itemId": course.id_of("text")}, 404),
        ({"type": "course_shared", "courseId": str(course.id)}, 404),
    )
    for body, status in wrong:
        assert (await _tell(learner, **body)).status_code == status, body
    assert (await profile(learner))["xp"] == 0
    await other.client.aclose()


async def test_what_waited_over_midnight_has_the_cap_of_its_own_day(api: Api, learner: Learner) -> None:
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)

    async def share(moment: datetime) -> int:
        async with transaction(api.sessions, api.bus) as session:
            deeds = (Deed(Kind.COURSE_SHARED, uuid4().hex),)
            somebody = await lock_learner(session, owner_id=learner.id)
            return (await reward(session, Happening(deeds=deeds), learner=somebody, moment=moment)).xp

    moment = timedelta(milliseconds=5)
    assert [await share(midnight + moment) for _ in range(3)] == [5, 5, 0]
    assert [await share(midnight - moment) for _ in range(3)] == [5, 5, 0]
