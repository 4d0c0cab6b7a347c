"""The body of the export."""

from typing import Annotated, Any

from pydantic import Field

from lyo.web.schemas import CamelModel, Timestamp


class ExportedRecord(CamelModel):
    """One thing that we hold."""

    kind: Annotated[str, Field(description="Such as `users`, `courses` or `tasks`.", examples=["users"])]
    fields: Annotated[dict[str, Any], Field(examples=[{"displayName": "Ada", "locale": "en"}])]


class ExportBody(CamelModel):
    """All that we hold of a learner. Kinds and fields may change at any time: this is for people, not for programs."""

    exported_at: Timestamp
    records: list[ExportedRecord]
