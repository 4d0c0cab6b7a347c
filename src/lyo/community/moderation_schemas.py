"""The bodies of `/v1/moderation`."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from lyo.community.schemas import NextCursor, Note, author_body
from lyo.community.values import CaseOutcome, CaseView, ReportReason, TargetType
from lyo.feeds.schemas import AuthorBody
from lyo.web.schemas import LEFT_OUT, OPTIONAL, CamelModel, CamelRequest, Timestamp

Reason = Annotated[Note, Field(description="For the log, which only the operator reads.", examples=["Advertising."])]


class HideRequest(CamelRequest):
    """Why something is hidden."""

    reason: Reason = LEFT_OUT


class CloseCaseRequest(CamelRequest):
    """How a case ends in which nothing is hidden."""

    outcome: Annotated[
        Literal["dismissed", "resolved"],
        Field(description="`dismissed`: it was unfounded; `resolved`: it was settled in another way."),
    ]
    reason: Reason = LEFT_OUT


class ReasonCountBody(CamelModel):
    """How often a reason was given."""

    reason: ReportReason
    count: Annotated[int, Field(examples=[2])]


class CaseBody(CamelModel):
    """Something that was reported, once or often."""

    id: UUID
    target_type: TargetType
    target_id: UUID
    post_id: Annotated[UUID | None, OPTIONAL, Field(description="The post, or that of the comment.")] = None
    author: Annotated[AuthorBody, Field(description="Who wrote it, or is reported.")]
    content: Annotated[
        str | None, OPTIONAL, Field(description="Markdown; of a post or a comment.", examples=["Buy followers!"])
    ] = None
    is_hidden: Annotated[bool, Field(examples=[False])]
    report_count: Annotated[int, Field(description="0 if those who reported it have left since.", examples=[2])]
    reasons: Annotated[list[ReasonCountBody], Field(description="The most frequent first.")]
    notes: Annotated[list[str], Field(description="The latest 20, newest first.", examples=[["It sells followers."]])]
    outcome: Annotated[CaseOutcome | None, OPTIONAL, Field(description="Of a closed case.")] = None
    first_reported_at: Timestamp
    last_reported_at: Timestamp
    closed_at: Annotated[Timestamp | None, OPTIONAL] = None


class CasePage(CamelModel):
    """A page of what was reported; what was reported first comes first."""

    items: list[CaseBody]
    next_cursor: NextCursor


def case_body(case: CaseView) -> CaseBody:
    """The body that shows `case`."""
    return CaseBody(
        id=case.id,
        target_type=case.target.type,
        target_id=case.target.id,
        post_id=case.post_id,
        author=author_body(case.author),
        content=case.content,
        is_hidden=case.is_hidden,
        report_count=case.report_count,
        reasons=[ReasonCountBody(reason=reason, count=count) for reason, count in case.reasons],
        notes=list(case.notes),
        outcome=case.outcome,
        first_reported_at=case.first_reported_at,
        last_reported_at=case.last_reported_at,
        closed_at=case.closed_at,
    )
