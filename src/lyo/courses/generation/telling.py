"""A text as a base model tells it, which can do little more than choose how a sentence of the source is said."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from lyo.courses.generation.asking import Desk
from lyo.courses.generation.gates import Claim, first_failure
from lyo.courses.generation.languages import language_data
from lyo.courses.generation.offering import written
from lyo.courses.generation.said import OWN_SHARE, Part, Said, lacking
from lyo.courses.generation.shortening import shortenings
from lyo.courses.generation.words import words

LEAST_WORDS = 120
"""Of a text, where the sources have as many."""

CHOICES = 8
"""Ways of shortening one sentence that a model chooses from, beside leaving it whole."""


async def retell(parts: Sequence[Part], desk: Desk, refusals: Counter[str], *, quickly: bool) -> list[Part]:
    """The text as a model writes it that can do little more than choose; `quickly` the shortest sentences alone."""
    lines = [line for part in parts for line in part]
    choices = await asyncio.to_thread(lambda: [_sound(line) for line in lines])
    telling = _Telling(lines, choices, desk, refusals)
    await (telling.enough() if quickly else telling.everything([len(part) for part in parts]))
    shorter = iter(_long_enough(lines))
    return [[next(shorter) for _ in part] for part in parts]


@dataclass(frozen=True, slots=True)
class _Telling:
    """A text while a base model writes it: its `lines` become the model's, one by one."""

    lines: list[Said]
    choices: Sequence[Sequence[str]]
    """What each line may be shortened to."""
    desk: Desk
    refusals: Counter[str]

    async def enough(self) -> None:
        """Each sentence by itself, the shortest first, until the text is the model's."""
        able = [at for at, sound in enumerate(self.choices) if sound]
        able.sort(key=lambda at: len(words(self.lines[at].quote)))
        while able and (missing := lacking(self.lines)) > 0:
            await asyncio.gather(*(self._choose(at, 0) for at in able[:missing]))
            able = able[missing:]

    async def everything(self, sizes: Sequence[int]) -> None:
        """Sentence after sentence, the parts (of these sizes) beside each other; again where too much stayed whole."""
        tries = len(language_data(self.lines[0].passage.language).temperatures) if self.lines else 0
        for number in range(tries):
            if number and lacking(self.lines) <= 0:
                break
            bounds = pairwise(accumulate(sizes, initial=0))
            await asyncio.gather(*(self._tell(first, end, number) for first, end in bounds))

    async def _tell(self, first: int, end: int, number: int) -> None:
        for at in range(first, end):
            if self.choices[at] and not self.lines[at].is_own:
                await self._choose(at, number, self.lines[first:at])

    async def _choose(self, at: int, number: int, before: Sequence[Said] = ()) -> None:
        """The sentence as the model writes it: whole, or one of the ways of shortening it.

        It writes on from what was said `before` of the same thing. Without that it leaves out whatever it can; with it
        what a reader can do without: `in painting`, but not what the functions are that there are a number of.
        """
        line = self.lines[at]
        whole = " ".join(line.quote.split())
        context = " ".join(said.sentence for said in before)
        chosen = await written([whole, *self.choices[at]], line.passage, context, self.desk, number=number)
        if chosen is None:
            self.refusals["not_offered"] += 1
        elif chosen != whole:
            self.lines[at] = Said(chosen, line.passage, line.quote)


def _sound(line: Said) -> list[str]:
    """What the sentence may be shortened to and passes every gate, the shortest first."""
    passage = line.passage
    return [
        shorter
        for shorter in sorted(shortenings(line.quote, passage.language), key=len)
        if Said(shorter, passage, line.quote).is_own
        and first_failure(Claim(shorter, passage.text, passage.language, basis=line.quote)) is None
    ][:CHOICES]


def _long_enough(lines: list[Said]) -> list[Said]:
    """With the longest shortenings taken back while the text is too short, and enough of it is still the model's."""
    kept = list(lines)
    by_loss = sorted(range(len(kept)), key=lambda at: len(words(kept[at].sentence)) - len(words(kept[at].quote)))
    for at in by_loss:
        own = sum(line.is_own for line in kept)
        if sum(len(words(line.sentence)) for line in kept) >= LEAST_WORDS or own - 1 < OWN_SHARE * len(kept):
            break
        if kept[at].is_own:
            kept[at] = Said(kept[at].quote, kept[at].passage, kept[at].quote)
    return kept
