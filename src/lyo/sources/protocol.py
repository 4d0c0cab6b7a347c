"""What a course is made from: what somebody else wrote or filmed, each with its address and its licence.

Every source is one file beside this one and answers one question: what is there about this? Some find passages, whose
words a course may use and cite; others find videos and readings, to which it only points.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar


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
    source: str = "wikipedia"
    """Who wrote it, as the contract's `source` says."""


@dataclass(frozen=True, slots=True)
class Video:
    """A video that can be embedded where its learner is, and was there when it was looked for."""

    id: str
    title: str
    url: str
    channel: str
    duration_seconds: int
    language: str | None
    """ISO 639-1, lower case; None where the source does not say."""
    licence: str
    retrieved_at: datetime
    description: str = ""
    source: str = "youtube"


@dataclass(frozen=True, slots=True)
class Reading:
    """A book, a paper or a lecture to read elsewhere: Lyo has its catalogue entry, not its text."""

    id: str
    title: str
    url: str
    authors: tuple[str, ...]
    kind: str
    """book, paper or course."""
    language: str | None
    """ISO 639-1, lower case; None where the source does not say."""
    licence: str
    """Of the catalogue entry."""
    retrieved_at: datetime
    source: str
    year: int | None = None
    description: str = ""


class SourceUnavailable(Exception):
    """A source cannot be asked now. The message says why, in a sentence that an operator can act on."""


Found_co = TypeVar("Found_co", bound=Passage | Video | Reading, covariant=True)


class Source(Protocol[Found_co]):
    """Something that can be searched. Implementations are safe for concurrent calls."""

    @property
    def name(self) -> str:
        """Short, lower case, the same in every process: `library`, `wikipedia`, `youtube`."""
        ...

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Found_co]:
        """At most `limit` finds about `query` in `language`, best first; none when nothing is about it.

        Any text is a query, also an empty or a nonsensical one. `language` is an ISO 639-1 code; a live source also
        takes a BCP 47 tag, whose region decides which videos can be watched. Raises `SourceUnavailable`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """All that a course may be made from. The first source of passages is the one that is always there."""

    passages: Sequence[Source[Passage]]
    videos: Sequence[Source[Video]] = field(default=())
    readings: Sequence[Source[Reading]] = field(default=())
