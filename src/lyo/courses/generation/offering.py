"""Letting a model choose among sentences by writing them, word by word where they part, as far as it has to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from lyo.courses.generation.asking import Desk
from lyo.courses.generation.languages import language_data
from lyo.sources.protocol import Passage

FIRST_TOKENS = 1
"""Of the word that tells choices apart: mostly enough to know which is meant."""

WORD_TOKENS = 16
"""Of the same word, where several begin alike, or with a token that is only a space."""

_NEXT_WORD = re.compile(r"\s*\S+")


async def written(choices: Sequence[str], passage: Passage, before: str, desk: Desk, *, number: int = 0) -> str | None:
    """The one of these different texts that a base model writes on with, of what `passage` is about, after `before`.

    None where it writes none of them, as one does that stands behind a server without grammars. `number` tells the
    draws apart: the first takes the likeliest word. Raises `ModelUnavailable`.
    """
    data = language_data(passage.language)
    space = "" if before.endswith(("'", "’")) else " "
    left = tuple(choices)
    most = FIRST_TOKENS
    while len(left) > 1:
        offered = offer(left, space=space)
        answer = await desk.ask(
            data.write,
            passage.title.partition(" (")[0],
            max_tokens=most,
            temperature=data.temperatures[number],
            seed=number + 1,
            grammar=offered.grammar,
            begun=f"{before}{space}{offered.begun}".strip() if offered.begun else before,
        )
        # A space can be a token of its own, before a figure or a bracket: that says nothing yet.
        meant = left if not answer and most == FIRST_TOKENS else offered.left(answer, is_whole=most == WORD_TOKENS)
        if meant == left and most == WORD_TOKENS:
            return None
        most = WORD_TOKENS if meant == left else FIRST_TOKENS
        left = meant
    return next(iter(left), None)


@dataclass(frozen=True, slots=True)
class Offer:
    """Sentences that a model may write, up to the word by which they are first told apart."""

    choices: tuple[str, ...]
    begun: str
    """Whole words that all of them begin with: given to the model, which goes on from there."""
    marks: tuple[str, ...]
    """What comes next in each of them: a whole word, as models think in them, or the sign that ends one."""

    @property
    def grammar(self) -> str:
        """The GBNF grammar of the marks."""
        return f"root ::= {' | '.join(_literal(mark) for mark in dict.fromkeys(self.marks))}"

    def left(self, answer: str, *, is_whole: bool) -> tuple[str, ...]:
        """The sentences that go on as the model did. Where the answer `is_whole`, `bird` does not mean `birds`."""
        marked = [(choice, mark.strip()) for choice, mark in zip(self.choices, self.marks, strict=True)]
        same = tuple(choice for choice, mark in marked if is_whole and mark == answer)
        return same or tuple(choice for choice, mark in marked if answer and mark.startswith(answer))


def offer(choices: Sequence[str], *, space: str = " ") -> Offer:
    """The next word for a model to choose: of two or more different sentences, which begin after `space`."""
    same = next(at for at, letters in enumerate(zip_longest(*choices)) if len(set(letters)) > 1)
    if any(choice[same : same + 1].isalnum() or not choice[same:] for choice in choices):
        same = choices[0].rfind(" ", 0, same) + 1
    begun = choices[0][:same].rstrip()
    ends = [choice[len(begun) :] if begun else f"{space}{choice}" for choice in choices]
    marks = [_mark(end) for end in ends]
    if len(set(marks)) == 1:  # where one ends, others go on: `in the U.S.`, `in the U.S. and Canada.`
        marks = [mark + _mark(end[len(mark) :]) for mark, end in zip(marks, ends, strict=True)]
    return Offer(tuple(choices), begun, tuple(marks))


def _mark(end: str) -> str:
    """The next word of a sentence; a sign that follows the word before at once stands for itself."""
    word = _NEXT_WORD.match(end)
    return end[:1] if end[:1] in {".", ",", ";", ":"} else word.group() if word else end


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
