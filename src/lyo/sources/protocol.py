"""What a course is made from: passages that somebody else wrote, each with its address and its licence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Passage:
    """One piece of text from a source, found by a search."""

    id: str
    """The same text at the same address has the same id, in every process and after every reload."""
    title: str
    text: str
    url: str
    licence: str
    language: str
    """ISO 639-1, lower case."""
    retrieved_at: datetime
    """When Lyo took the text from its source."""
    description: str | None = None
    """A few words that say what the thing is, where the source has them."""
    score: float = 0.0
    """How well it answers the search that found it, 0 to 1; comparable within one language of one source."""


class SourceUnavailable(Exception):
    """A source cannot be asked now. The message says why, in a sentence that an operator can act on."""


class Source(Protocol):
    """Something that can be searched for passages. Implementations are safe for concurrent calls."""

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Passage]:
        """At most `limit` passages about `query` in `language`, best first; none when nothing is about it.

        Any text is a query, also an empty or a nonsensical one. Raises `SourceUnavailable`.
        """
        ...
