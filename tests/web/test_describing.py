"""The contract of an app that does what our routes do not do yet: the rules hold for it all the same."""

from enum import StrEnum
from typing import Annotated, Literal

import httpx2
import pytest
from fastapi import FastAPI, HTTPException, Query
from openapi_spec_validator import validate

from lyo.core.errors import NotFound
from lyo.web.openapi import document, operation_id
from lyo.web.problems import MEDIA_TYPE, install_problem_handlers, problems
from lyo.web.schemas import OPTIONAL, CamelModel, RequestModel

pytestmark = pytest.mark.anyio


class Colour(StrEnum):
    """A colour."""

    RED = "red"


class PaintBody(CamelModel):
    """A paint."""

    kind: Literal["paint"] = "paint"
    colour: Colour
    spare: Colour | None
    finish: Literal["matt", "glossy"]
    volume: float
    drops: Annotated[int, Query(le=10**12)]
    mixed: dict[str, int]
    dry: bool
    tint: Annotated[Colour | None, OPTIONAL] = None


class PaintRequest(RequestModel):
    """A wish."""

    finish: Literal["matt", "glossy"]


@pytest.fixture
def app() -> FastAPI:
    made = FastAPI(generate_unique_id_function=operation_id)

    @made.post("/paints/{name}", responses=problems(NotFound))
    async def mix_paint(name: str, body: PaintRequest, shade: int | None = None) -> PaintBody:
        """Mix a paint.

        Of what there is.
        """
        raise HTTPException(418)

    @made.get("/paints", responses=problems(NotFound))
    async def list_paints(shade: Annotated[str | None, Query(max_length=3)] = None) -> PaintBody:
        """List the paints.

        All of them.
        """
        raise HTTPException(405)

    install_problem_handlers(made)
    return made


def test_the_rules_hold_for_any_app(app: FastAPI) -> None:
    made = document(app)
    assert document(app) is made
    validate(made)
    paint = made["components"]["schemas"]["PaintBody"]["properties"]
    assert paint["kind"] == {"type": "string", "examples": ["paint"]}
    assert paint["colour"] == {"type": "string", "anyOf": [{"$ref": "#/components/schemas/Colour"}, {}]}
    assert paint["spare"] == {"type": ["string", "null"], "anyOf": [{"$ref": "#/components/schemas/Colour"}, {}]}
    assert paint["tint"] == paint["colour"]
    assert paint["finish"] == {"type": "string", "anyOf": [{"$ref": "#/components/schemas/PaintFinish"}, {}]}
    assert paint["volume"] == {"type": "number", "format": "double"}
    assert paint["drops"] == {"type": "integer", "format": "int64", "maximum": 10**12}
    assert made["components"]["schemas"]["PaintRequest"]["properties"]["finish"] == {
        "$ref": "#/components/schemas/PaintFinish"
    }


def test_what_fastapi_says_of_errors_is_replaced(app: FastAPI) -> None:
    made = document(app)
    for methods in made["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                assert "X-Request-ID" in answer["headers"]
                if int(status) >= 400:
                    assert list(answer["content"]) == [MEDIA_TYPE]
    mixing = made["paths"]["/paints/{name}"]["post"]
    refused = {"400", "404", "408", "413", "415", "421", "422", "429", "431", "500", "503"}
    assert mixing["responses"].keys() == {"200"} | refused
    (wrong,) = mixing["responses"]["422"]["content"][MEDIA_TYPE]["examples"].values()
    assert wrong["value"]["errors"][0]["pointer"] == "#/finish"
    (query, *_) = [each for each in mixing["parameters"] if each["in"] == "query"]
    assert query["schema"] == {"type": "integer", "format": "int32"}
    example = mixing["responses"]["200"]["content"]["application/json"]["example"]
    assert (example["dry"], example["spare"], example["mixed"]) == (True, "red", {})
    listing = made["paths"]["/paints"]["get"]
    (wrong,) = listing["responses"]["422"]["content"][MEDIA_TYPE]["examples"].values()
    assert wrong["value"]["errors"][0]["pointer"] == "#/query/shade"


def test_two_enumerations_of_one_name_are_noticed(app: FastAPI) -> None:
    class Paint(RequestModel):
        """Another wish, with other words."""

        finish: Literal["matt", "silk"]

    @app.put("/paints")
    async def put_paint(body: Paint) -> None:
        """Put a paint.

        On a shelf.
        """

    with pytest.raises(ValueError, match="Two enumerations would be called PaintFinish"):
        document(app)


async def test_a_status_that_nobody_named_is_a_problem_too(app: FastAPI) -> None:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://paints") as client:
        answer = await client.post("/paints/blue", json={"finish": "matt"})
        assert (answer.status_code, answer.json()["title"]) == (418, "I'm a Teapot")
        assert (await client.get("/nothing")).headers["content-type"] == MEDIA_TYPE
        refused = await client.get("/paints")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
