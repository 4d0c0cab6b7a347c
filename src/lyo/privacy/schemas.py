"""The body of the export."""

from typing import Annotated, Any

from pydantic import Field

from lyo.web.schemas import CamelModel, Timestamp


class ExportBody(CamelModel):
    """All that we hold of a learner."""

    exported_at: Timestamp
    data: Annotated[
        dict[str, list[dict[str, Any]]],
        Field(
            description="By kind (`users`, `courses`, `tasks` and so on): every record of yours, with all its fields. "
            "Kinds and fields may change at any time: this is for people, not for programs.",
            examples=[{"users": [{"displayName": "Ada", "locale": "en"}]}],
        ),
    ]
