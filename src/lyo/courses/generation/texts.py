"""The text of a lesson: the model phrases, the gates judge each sentence, the passages stand in for what fails."""

import asyncio
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from lyo.courses.generation.asking import Desk
from lyo.courses.generation.choosing import choose_sentences, dangles
from lyo.courses.generation.gates import Claim, first_failure, is_verbatim, repeats_a_phrase
from lyo.courses.generation.languages import language_data
from lyo.courses.generation.offering import written
from lyo.courses.generation.shortening import shortenings
from lyo.courses.generation.values import Citation, ItemDraft, LessonPlan, cite
from lyo.courses.generation.words import content_words, sentences, words
from lyo.sources.protocol import Passage

OWN_SHARE = 1 / 3
"""Of a text's sentences, the share that must be the model's own wording for the text to be called the model's.

The rest stand verbatim from the source, and `ItemDraft.verbatim_share` says how many."""

SHORTER = 0.85
"""Of the words of a sentence, the most that its shortening may have; what is longer is a quotation with a cut."""

LEAST_WORDS = 120
"""Of a text, where the sources have as many."""

MOST_SOURCE_WORDS = 400
"""Of the sources, for one text: two minutes to read. Nearly all that a lesson was given says, and no more."""

QUICK_SOURCE_WORDS = 170
"""The same, for the lesson that a learner is waiting for."""

ANCHOR_SHARE = 0.5
"""Of the source's words, what the passage gives that the lesson is about; its support shares the rest."""

CHOICES = 8
"""Ways of shortening one sentence that a model chooses from, beside leaving it whole."""

EXPLAIN_TOKENS = 260
EXPLAIN_TRIES = 2
"""The first, and one repair with the reasons of the gates."""
MOST_SOURCE_CHARACTERS = 3000


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


async def phrase(
    passages: Sequence[Passage], desk: Desk, refusals: Counter[str], *, quickly: bool = False
) -> list[Part]:
    """What a lesson says, passage by passage; as the sources say it where that is best.

    `quickly` for the lesson that a learner is waiting for: it is shorter, and a base model is asked for no more
    sentences than make the text its own, each once. Raises `ModelUnavailable`.
    """
    quoted = quote(passages, QUICK_SOURCE_WORDS if quickly else MOST_SOURCE_WORDS)
    if desk.speaks_chat:
        said = list(await asyncio.gather(*(_explain(part, desk, refusals) for part in quoted)))
    else:
        said = await _rewrite(quoted, desk, refusals, quickly=quickly)
    lines = [line for part in said for line in part]
    whole = " ".join(line.sentence for line in lines)
    return quoted if _lacking(lines) > 0 or repeats_a_phrase(whole) else said


def _lacking(lines: Sequence[Said]) -> int:
    """How many more sentences must be in the model's own words before the text can be called the model's."""
    return math.ceil(OWN_SHARE * len(lines)) - sum(line.is_own for line in lines)


def quote(passages: Sequence[Passage], source_words: int = MOST_SOURCE_WORDS) -> list[Part]:
    """The text in the sources' own words: every sentence verbatim, none that would make the whole repeat itself.

    Each passage has its share of `source_words`; what one leaves of its share goes to the others, in their order.
    """
    parts: list[Part] = [[] for _ in passages]
    unsaid = [list(choose_sentences(passage)) for passage in passages]
    whole = ""

    def say(place: int, room: float) -> None:
        nonlocal whole
        passage, part = passages[place], parts[place]
        while unsaid[place] and (not part or _length(part) + len(words(unsaid[place][0])) <= room):
            line = unsaid[place].pop(0)
            if not repeats_a_phrase(f"{whole} {line}"):
                whole = f"{whole} {line}"
                part.append(Said(line, passage, line))

    left = source_words
    for place, passage in enumerate(passages):
        whole = f"{whole}\n{passage.title}."
        say(place, left * (ANCHOR_SHARE if place == 0 and len(passages) > 1 else 1 / (len(passages) - place)))
        left -= _length(parts[place])
    for place, part in enumerate(parts):
        said = _length(part)
        say(place, said + left)
        left -= _length(part) - said
    return parts


def _length(part: Sequence[Said]) -> int:
    """Words of the sources."""
    return sum(len(words(line.quote)) for line in part)


async def _rewrite(parts: Sequence[Part], desk: Desk, refusals: Counter[str], *, quickly: bool) -> list[Part]:
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
        while able and (lacking := _lacking(self.lines)) > 0:
            await asyncio.gather(*(self._choose(at, 0) for at in able[:lacking]))
            able = able[lacking:]

    async def everything(self, sizes: Sequence[int]) -> None:
        """Sentence after sentence, the parts (of these sizes) beside each other; again where too much stayed whole."""
        tries = len(language_data(self.lines[0].passage.language).temperatures) if self.lines else 0
        for number in range(tries):
            if number and _lacking(self.lines) <= 0:
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


async def _explain(part: Part, desk: Desk, refusals: Counter[str]) -> Part:
    """A passage in the words of a model that can follow instructions; as the source says it where that fails twice."""
    if not part:
        return part
    passage = part[0].passage
    data = language_data(passage.language)
    source = passage.text[:MOST_SOURCE_CHARACTERS]
    faults: Counter[str] = Counter()
    request = source
    best: Part = []
    for number, temperature in enumerate(data.temperatures[:EXPLAIN_TRIES]):
        answer = await desk.ask(
            data.explain, request, max_tokens=EXPLAIN_TOKENS, temperature=temperature, seed=number + 1
        )
        faults.clear()
        said = _passing(answer, passage, faults)
        refusals.update(faults)
        best = max(best, said, key=len)
        if not faults:
            break
        reasons = " ".join(data.reasons[name] for name in faults if name in data.reasons)
        request = f"{source}\n\n{data.phrases['repair'].format(reasons=reasons)}"
    return best[: len(part) + 2] or part


def _passing(answer: str, passage: Passage, faults: Counter[str]) -> Part:
    """The sentences of an answer that pass every gate; why the others do not is counted in `faults`."""
    said: Part = []
    for sentence in sentences(answer):
        failure = first_failure(Claim(sentence, passage.text, passage.language))
        if failure is None and not said and dangles(sentence, passage.language):
            failure = "dangles"
        if failure is None:
            said.append(Said(sentence, passage, _closest(sentence, passage)))
        else:
            faults[failure] += 1
    return said


def _closest(sentence: str, passage: Passage) -> str:
    said = set(content_words(sentence, passage.language))
    return max(sentences(passage.text), key=lambda line: len(said & set(content_words(line, passage.language))))


def text_item(lesson: LessonPlan, parts: Sequence[Part], language: str) -> ItemDraft | None:
    """The text as an item; None where the passages have nothing to say."""
    cited = [part for part in parts if part]
    lines = [line for part in cited for line in part]
    if not lines:
        return None
    by_model = any(line.is_own for line in lines)
    return ItemDraft(
        type="text",
        title=language_data(language).phrases["text_title"].format(title=lesson.title),
        content=_markdown(cited, language),
        source="generated" if by_model else cited[0][0].passage.source,
        source_url=None if by_model else cited[0][0].passage.url,
        generated_by="model" if by_model else "extractive",
        citations=tuple(_citations(cited)),
        verbatim_share=round(1 - sum(line.is_own for line in lines) / len(lines), 3),
    )


def _markdown(cited: Sequence[Part], language: str) -> str:
    """The anchor's sentences as a paragraph, then what each supporting passage adds as a point of a list."""
    lead = " ".join(f"{line.sentence} [1]" for line in cited[0])
    points = [
        f"- **{_plain(part[0].passage.title)}.** " + " ".join(f"{line.sentence} [{number}]" for line in part)
        for number, part in enumerate(cited[1:], start=2)
    ]
    heading = f"### {language_data(language).phrases['key_ideas']}"
    return "\n\n".join([lead, heading, "\n".join(points)] if points else [lead])


def _plain(title: str) -> str:
    """A title in which Markdown finds no marks of its own: `Sagittarius A*`."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", title)


def _citations(cited: Sequence[Part]) -> Iterable[Citation]:
    for number, part in enumerate(cited, start=1):
        yield cite(number, part[0].passage, part[0].quote)
