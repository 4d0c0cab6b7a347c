"""Very many of one thing: reports of a case, and what a cursor is good for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert
from support.api import Api, Learner
from support.community import POSTS, QUEUE, appoint, crowd, write

from lyo.community.models import ContentReport, ModerationCase
from lyo.core.bus import transaction

pytestmark = pytest.mark.anyio

MANY: Final = 1000
AT: Final = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


async def _keep(api: Api, table: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    async with transaction(api.sessions, api.bus) as session:
        await session.execute(insert(table), list(rows))


async def test_a_case_with_a_thousand_reports_is_one(api: Api, learner: Learner) -> None:
    post = await write(learner)
    async with crowd(api, MANY) as many:
        moderator = many[0]
        await appoint(api, moderator)
        case_id = uuid4()
        await _keep(api, ModerationCase, [{"id": case_id, "post_id": UUID(post["id"]), "created_at": AT}])
        reports = [
            {
                "id": uuid4(),
                "user_id": one.id,
                "case_id": case_id,
                "reason": "spam" if place % 4 else "hate",
                "note": f"note {place}",
                "created_at": AT,
            }
            for place, one in enumerate(many)
        ]
        await _keep(api, ContentReport, reports)
        (case,) = (await moderator.client.get(QUEUE)).json()["items"]
        assert case["reportCount"] == MANY
        assert case["reasons"] == [{"reason": "spam", "count": 750}, {"reason": "hate", "count": 250}]
        assert len(case["notes"]) == 20
        assert case["firstReportedAt"] == case["lastReportedAt"] == "2026-01-02T03:04:05Z"


async def test_a_cursor_is_of_one_list_and_one_reader(api: Api, learner: Learner) -> None:
    async with crowd(api, 1) as (other,):
        first, second = await write(learner), await write(learner)
        cursor = (await learner.client.get(POSTS, params={"limit": "1"})).json()["nextCursor"]
        for reader, address in (
            (other, POSTS),
            (learner, f"{POSTS}/{first['id']}/comments"),
            (learner, f"{POSTS}/{second['id']}/comments"),
            (learner, "/v1/feeds"),
        ):
            answer = await reader.client.get(address, params={"cursor": cursor})
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "invalid-cursor")
