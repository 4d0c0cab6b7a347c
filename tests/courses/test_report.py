"""The report card of a course: kept when it is whole, and read over the API."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic.alias_generators import to_camel
from sqlalchemy import select, update
from support.api import Api, Learner
from support.playing import fail_course, make_course
from support.settings import plain_settings
from support.tasks import claim, kick_off

from lyo.courses.generation.report import Cost, Measures, ReportCard, SourceUse, report_card
from lyo.courses.models import Course
from lyo.courses.reports import HIDDEN, CostBody, MeasuresBody, ReportBody, SourceBody
from lyo.courses.values import REPORT_VERSION
from lyo.main import create_app

pytestmark = pytest.mark.anyio


async def test_the_report_of_a_whole_course_says_what_it_is_made_of(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    course = await make_course(api, task_id, lessons=4, everything=True)
    answer = await learner.client.get(f"/v1/courses/{course_id}/report")
    assert answer.status_code == 200
    report: dict[str, Any] = answer.json()
    assert report["version"] == REPORT_VERSION
    assert report["lessons"] == 4
    assert report["itemsByType"] == {"text": 4, "article": 8, "video": 4, "quiz": 4}
    assert report["itemsByMaking"] == {"model": 8, "catalogue": 12}
    assert report["itemsLeftOut"] == {"video": 4}
    assert report["refusals"] == {"grounding": 4}
    assert report["licences"] == {"CC BY-SA 4.0": 8}
    assert [source["citations"] for source in report["sources"]] == [8]
    assert set(report["costs"]) == {"retrieve", "outline", "lesson:1", "lesson:2", "lesson:3", "lesson:4"}
    assert report["costs"]["lesson:2"] == {
        "seconds": 1.0,
        "calls": 2,
        "promptTokens": 100,
        "completionTokens": 50,
    }
    assert report["cost"]["promptTokens"] == 410
    assert report["measures"]["textsByModel"] == 1.0
    # What is undefined is left out and said, and what is said is not there.
    card = report_card(course)
    assert set(report["undefined"]) == {to_camel(name) for name in card.undefined}
    assert "keyPositionP" in report["undefined"]
    assert not set(report["undefined"]) & set(report["measures"])
    assert set(report["undefined"]) | set(report["measures"]) == {to_camel(name) for name in Measures.model_fields}


async def test_the_report_does_not_say_where_the_keys_stand(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    await make_course(api, task_id, everything=True)
    async with api.sessions() as session:
        kept = await session.scalar(select(Course.report).where(Course.id == course_id))
    assert kept is not None
    assert kept["key_positions"] == [0, 6, 0, 0]
    assert "keyPositions" not in (await learner.client.get(f"/v1/courses/{course_id}/report")).json()


def test_the_body_mirrors_the_card() -> None:
    """The web process cannot import the engine, so nothing else would notice a field that one of the two forgot."""
    assert set(ReportBody.model_fields) == set(ReportCard.model_fields) - HIDDEN | {"version"}
    for body, card in ((MeasuresBody, Measures), (CostBody, Cost), (SourceBody, SourceUse)):
        assert set(body.model_fields) == set(card.model_fields)


def test_every_field_is_described() -> None:
    schemas = create_app(plain_settings()).openapi()["components"]["schemas"]
    for name in ("ReportBody", "MeasuresBody", "CostBody"):
        for field, schema in schemas[name]["properties"].items():
            assert schema.get("description"), f"{name}.{field}"


async def test_there_is_no_report_before_the_course_is_whole(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    waiting = await learner.client.get(f"/v1/courses/{course_id}/report")
    await claim(api, task_id)
    running = await learner.client.get(f"/v1/courses/{course_id}/report")
    await learner.client.delete(f"/v1/tasks/{task_id}")
    failed = await learner.client.get(f"/v1/courses/{course_id}/report")
    for answer in (waiting, running, failed):
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("/report-not-ready")


async def test_a_course_that_failed_has_none(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    await fail_course(api, task_id, code="unsafe_topic", message="Lyo makes no course about this.")
    assert (await learner.client.get(f"/v1/courses/{course_id}/report")).status_code == 409
    task = (await learner.client.get(f"/v1/tasks/{task_id}")).json()
    assert (task["errorCode"], task["message"]) == ("unsafe_topic", "Lyo makes no course about this.")


@pytest.mark.parametrize("kept", [None, {"version": REPORT_VERSION + 1, "everything": "else"}])
async def test_a_course_of_another_time_has_none_either(
    api: Api, learner: Learner, kept: dict[str, Any] | None
) -> None:
    """One made before there were reports, and one that a later version has made meanwhile."""
    task_id, course_id = await kick_off(learner)
    await make_course(api, task_id)
    async with api.sessions() as session, session.begin():
        await session.execute(update(Course).where(Course.id == course_id).values(report=kept))
    answer = await learner.client.get(f"/v1/courses/{course_id}/report")
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("/report-not-found")


async def test_somebody_elses_report_is_not_there(api: Api, learner: Learner) -> None:
    task_id, course_id = await kick_off(learner)
    await make_course(api, task_id)
    other = await api.new_learner()
    for wanted in (course_id, uuid4()):
        answer = await other.client.get(f"/v1/courses/{wanted}/report")
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("/course-not-found")
    await other.client.aclose()
    assert (await api.client.get(f"/v1/courses/{course_id}/report")).status_code == 401
