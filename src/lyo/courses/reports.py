"""The body of `GET /v1/courses/{id}/report`, read from what was kept when the course was whole.

It mirrors `ReportCard` of the engine, which this process cannot import, and shows all of it but where the keys of
quizzes stand: of a short course that would give answers away.
"""

from typing import Annotated, Any, Final

from pydantic import Field
from pydantic.alias_generators import to_camel

from lyo.web.schemas import OPTIONAL, CamelModel

HIDDEN: Final = {"key_positions"}
"""Of the report card, what a learner must not see."""

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


def _maybe(description: str, example: float = 0.9) -> Any:
    return Field(default=None, description=description, examples=[example])


Figure = Annotated[float | None, OPTIONAL]
ShareFigure = Annotated[Share | None, OPTIONAL]


class MeasuresBody(CamelModel):
    """The figures of a course. One that could not be computed is left out, and `undefined` says why."""

    valid: ShareFigure = _maybe("Share of lessons and items that are valid against the contract.")
    right_size: ShareFigure = _maybe("1 if the course has four to eight lessons, all of them written; else 0.")
    complete_lessons: ShareFigure = _maybe("Share of lessons with a text, something to read elsewhere, and a quiz.")
    objectives_covered: ShareFigure = _maybe("Share of objectives that a question tests.")
    titles_alike: Figure = _maybe("Token-set ratio, 0 to 100, of the two lessons' titles that are most alike.", 42.0)
    texts_alike: ShareFigure = _maybe("Jaccard similarity of the 3-word shingles of the two texts most alike.")
    texts_passing: ShareFigure = _maybe("Share of texts that pass every gate as they are published.")
    sentences_grounded: ShareFigure = _maybe(
        "Share of the texts' sentences with at least half of their content words in the passage that they cite, and "
        "no number or name that no source has."
    )
    citations_resolved: ShareFigure = _maybe("Share of citations whose address is that of something that was found.")
    quotes_verbatim: ShareFigure = _maybe("Share of quotes that stand word for word in what they are from.")
    right_language: ShareFigure = _maybe("Share of items, of those long enough to tell, in the course's language.")
    flawless_quizzes: ShareFigure = _maybe("Share of quizzes without a flaw that rules find.")
    flawless_questions: ShareFigure = _maybe("Share of questions without a flaw that rules find.")
    questions_proved: ShareFigure = _maybe("Share of questions whose answer is proved by a quote from a source.")
    long_keys: ShareFigure = _maybe("Share of questions whose right option is over 20 % longer than all others.")
    key_position_p: ShareFigure = _maybe(
        "p-value of the χ² test that right options stand at each place equally often; small means unevenly."
    )
    texts_by_model: ShareFigure = _maybe("Share of texts that the model phrased, the rest being the sources' words.")
    words_per_text: Figure = _maybe("Mean number of words of a text.", 180.0)
    readability: Figure = _maybe("By the formula in `readabilityFormula`, over all texts.", 8.2)
    seconds: Figure = _maybe(
        "Wall-clock seconds for the course: its steps in turn, lessons after the first at once.", 24.0
    )
    first_lesson_share: ShareFigure = _maybe("How far through those seconds the first lesson could be read.")
    tokens_per_second: Figure = _maybe("Tokens that the model wrote in one of those seconds.", 31.0)


class CostBody(CamelModel):
    """What a step took, or all of them."""

    seconds: Annotated[
        float | None, OPTIONAL, Field(description="By the clock; of all steps: their sum.", examples=[1.5])
    ] = None
    calls: Annotated[Count, Field(description="How often the model was asked.")]
    prompt_tokens: Annotated[Count, Field(description="What the model read.")]
    completion_tokens: Annotated[Count, Field(description="What the model wrote, refused drafts included.")]


class SourceBody(CamelModel):
    """A source that the course cites."""

    title: Annotated[str, Field(examples=["Photosynthesis"])]
    url: Annotated[str, Field(examples=["https://en.wikipedia.org/wiki/Photosynthesis"])]
    licence: Annotated[str, Field(examples=["CC BY-SA 4.0"])]
    citations: Annotated[Count, Field(description="How often it is cited.")]


class ReportBody(CamelModel):
    """What can be said of a course without a judge. In counts by name, a name that is not there counts 0."""

    version: Annotated[int, Field(description="Of the report's meaning; 1 is what is described here.", examples=[1])]
    language: Annotated[str, Field(description="What the course is written in: ISO 639-1.", examples=["en"])]
    lessons: Annotated[Count, Field(description="How many there are.")]
    items_by_type: Annotated[
        dict[str, Count],
        Field(description="How many items: `text`, `article`, `video`, `quiz`.", examples=[{"text": 5, "quiz": 5}]),
    ]
    items_by_making: Annotated[
        dict[str, Count],
        Field(
            description="How many items by what made them: `model`, `extractive`, `catalogue`.",
            examples=[{"model": 4, "extractive": 6}],
        ),
    ]
    items_left_out: Annotated[
        dict[str, Count],
        Field(description="Items, by type, that could be made in no way that passes the gates.", examples=[{}]),
    ]
    refusals: Annotated[
        dict[str, Count],
        Field(
            description="How often each gate refused a draft; what is published passed them all.",
            examples=[{"grounding": 2}],
        ),
    ]
    items_by_verdict_of_language: Annotated[
        dict[str, Count],
        Field(
            description="Items in the `right` or `wrong` language, or too `short` to tell.",
            examples=[{"right": 9, "short": 1}],
        ),
    ]
    quiz_flaws: Annotated[
        dict[str, Count], Field(description="Questions that have each flaw that rules find.", examples=[{}])
    ]
    sources: Annotated[list[SourceBody], Field(description="What is cited, the most cited first.")]
    licences: Annotated[
        dict[str, Count],
        Field(description="Citations by the licence of their source.", examples=[{"CC BY-SA 4.0": 12}]),
    ]
    sources_unavailable: Annotated[
        list[str],
        Field(description="Sources that could not be asked when the course was made.", examples=[["youtube"]]),
    ]
    costs: Annotated[
        dict[str, CostBody],
        Field(
            description="By step: `retrieve`, `outline`, `lesson:1`, `lesson:2` and so on.",
            examples=[{"outline": {"seconds": 1.5, "calls": 2, "promptTokens": 310, "completionTokens": 42}}],
        ),
    ]
    cost: Annotated[CostBody, Field(description="Of all steps.")]
    readability_formula: Annotated[
        str | None,
        OPTIONAL,
        Field(description="The formula for the course's language.", examples=["Flesch-Kincaid grade"]),
    ] = None
    measures: Annotated[MeasuresBody, Field(description="How good it is, as far as rules can tell.")]
    undefined: Annotated[
        dict[str, str],
        Field(
            description="The measures that could not be computed, by name, and why.",
            examples=[{"readability": "There is no formula for this language."}],
        ),
    ]


def report_body(kept: dict[str, Any]) -> ReportBody:
    """The body that shows a report card as it was kept."""
    undefined = {to_camel(name): why for name, why in kept["undefined"].items()}
    return ReportBody.model_validate({**kept, "undefined": undefined})
