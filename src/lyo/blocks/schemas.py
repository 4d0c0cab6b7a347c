"""The bodies of blocking."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from lyo.blocks.values import BlockedLearner
from lyo.web.schemas import CamelModel, Timestamp


class BlockedBody(CamelModel):
    """Somebody whom you have blocked."""

    id: UUID
    display_name: Annotated[str, Field(examples=["Bob"])]
    blocked_at: Timestamp


class BlockedPage(CamelModel):
    """A page of those whom you have blocked, the last first."""

    items: list[BlockedBody]
    next_cursor: Annotated[
        str | None, Field(description="Ask for the next page with it; null at the end.", examples=[None])
    ]


def blocked_body(blocked: BlockedLearner) -> BlockedBody:
    """The body that shows `blocked`."""
    return BlockedBody(id=blocked.id, display_name=blocked.display_name, blocked_at=blocked.blocked_at)
