"""Letting a model choose among sentences by writing one of them, as far as it has to."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest


@dataclass(frozen=True, slots=True)
class Offer:
    """The sentences that a model may write, as far as it has to write them to say which one it means."""

    begun: str
    """Whole words that all of them begin with: given to the model, which goes on from there."""
    marks: tuple[str, ...]
    """What may follow, of each sentence up to where no other goes on like it."""

    @property
    def grammar(self) -> str:
        """The GBNF grammar of the marks."""
        return f"root ::= {' | '.join(_literal(mark) for mark in self.marks)}"


def offer(choices: Sequence[str]) -> Offer:
    """The sentences of `choices` as something that a model can choose from by writing."""
    same = next(at for at, letters in enumerate(zip_longest(*choices)) if len(set(letters)) > 1)
    if any(choice[same : same + 1].isalnum() or not choice[same:] for choice in choices):
        same = choices[0].rfind(" ", 0, same) + 1
    begun = choices[0][:same].rstrip()
    ends = [choice[len(begun) :] if begun else f" {choice}" for choice in choices]
    return Offer(begun, tuple(_mark(end, [other for other in ends if other != end]) for end in ends))


def _mark(end: str, others: Sequence[str]) -> str:
    """The shortest beginning of `end` with which none of the others begins, in whole words: models think in them.

    All of it where another goes on from there: `in the U.S.` and `in the U.S., too.`
    """
    lengths = range(1, len(end) + 1)
    least = next((at for at in lengths if not any(other.startswith(end[:at]) for other in others)), len(end))
    if end[least - 1] in ".,;:":
        return end[:least]
    return end[:least] + end[least:].partition(" ")[0]


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
