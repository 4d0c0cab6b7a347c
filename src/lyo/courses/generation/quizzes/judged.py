"""A question under judgement: what the gates look at."""

from dataclasses import dataclass

from lyo.courses.generation.words import content_words
from lyo.sources.protocol import Passage


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with four options and a key among them, in one language, and the sources that should prove it."""

    prompt: str
    options: tuple[str, ...]
    key: int
    explanation: str
    quote: str
    language: str
    passages: tuple[Passage, ...] = ()

    @property
    def right(self) -> str:
        """The option that is the key."""
        return self.options[self.key]

    @property
    def wrong(self) -> tuple[str, ...]:
        """The other options."""
        return tuple(option for place, option in enumerate(self.options) if place != self.key)

    def stems(self, text: str) -> set[str]:
        """The stems of the content words of `text`."""
        return set(content_words(text, self.language))
