"""A handful of the library's passages in memory, for tests that want a course and not all of the library."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from lyo.sources.library.bundle import LICENCE, read_bundle
from lyo.sources.protocol import Passage

TITLES = {
    "Photosynthesis", "Chlorophyll", "Chloroplast", "Leaf", "Plant", "Plant cell", "Plant stem", "Cellulose", "Oxygen",
    "Glucose", "Cellular respiration", "Carbon dioxide", "Algae", "Green algae", "Red algae", "Flowering plant",
    "Botany", "Plant hormone",
}  # fmt: skip


class Handful:
    """A `Source` of what is about plants: what has a word of the query, that in the title first."""

    name = "handful"

    def __init__(self) -> None:
        self.holds = False
        """Whether searches never end."""
        self.hangs = asyncio.Event()
        """Set once one does not."""

    async def search(self, query: str, *, language: str, limit: int) -> Sequence[Passage]:
        if self.holds:
            self.hangs.set()
            await asyncio.Event().wait()
        asked = query.casefold().split()
        found = [
            (not any(word in passage.title.casefold() for word in asked), place, passage)
            for place, passage in enumerate(_passages())
            if language == "en" and any(word in f"{passage.title} {passage.text}".casefold() for word in asked)
        ]
        return [passage for _, _, passage in sorted(found, key=lambda one: one[:2])[:limit]]


@cache
def _passages() -> tuple[Passage, ...]:
    return tuple(
        Passage(
            id=str(article.id),
            title=article.title,
            text=article.extract,
            url=article.url,
            licence=LICENCE,
            language="en",
            retrieved_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            description=article.description,
            score=0.5,
        )
        for article in read_bundle("en")
        if article.title in TITLES
    )
