"""What a text is made of: sentences, each with what the source says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lyo.courses.generation.gates import is_verbatim
from lyo.courses.generation.words import words
from lyo.sources.protocol import Passage

OWN_SHARE = 1 / 3
"""Of a text's sentences, the share that must be the model's own wording for the text to be called the model's.

The rest stand verbatim from the source, and `ItemDraft.verbatim_share` says how many."""

SHORTER = 0.85
"""Of the words of a sentence, the most that its shortening may have; what is longer is a quotation with a cut."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of a text: where it is from, and the words of the source behind it."""

    sentence: str
    passage: Passage
    quote: str

    @property
    def is_own(self) -> bool:
        """Whether the wording is the model's and not the source's."""
        is_shorter = len(words(self.sentence)) <= SHORTER * len(words(self.quote))
        return is_shorter or not is_verbatim(self.sentence, self.passage.text)


Part = list[Said]
"""What one passage gives to a text."""


def lacking(lines: Sequence[Said]) -> int:
    """How many more sentences must be in the model's own words before the text can be called the model's."""
    return math.ceil(OWN_SHARE * len(lines)) - sum(line.is_own for line in lines)
