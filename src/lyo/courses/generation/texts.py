"""The text of a lesson: the model phrases, the gates judge each sentence, the passages stand in for what fails."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from lyo.courses.generation.asking import Desk
from lyo.courses.generation.choosing import choose_sentences
from lyo.courses.generation.explaining import explain
from lyo.courses.generation.gates import repeats_a_phrase
from lyo.courses.generation.languages import language_data
from lyo.courses.generation.said import Part, Said, lacking
from lyo.courses.generation.telling import retell
from lyo.courses.generation.values import Citation, ItemDraft, LessonPlan, cite
from lyo.courses.generation.words import words
from lyo.sources.protocol import Passage

MOST_SOURCE_WORDS = 400
"""Of the sources, for one text: two minutes to read. Nearly all that a lesson was given says, and no more."""

QUICK_SOURCE_WORDS = 170
"""The same, for the lesson that a learner is waiting for."""

ANCHOR_SHARE = 0.5
"""Of the source's words, what the passage gives that the lesson is about; its support shares the rest."""


async def phrase(
    passages: Sequence[Passage], desk: Desk, refusals: Counter[str], *, quickly: bool = False
) -> list[Part]:
    """What a lesson says, passage by passage; as the sources say it where that is best.

    `quickly` for the lesson that a learner is waiting for: it is shorter, and a base model is asked for no more
    sentences than make the text its own, each once. Raises `ModelUnavailable`.
    """
    quoted = quote(passages, QUICK_SOURCE_WORDS if quickly else MOST_SOURCE_WORDS)
    if desk.speaks_chat:
        said = list(await asyncio.gather(*(explain(part, desk, refusals) for part in quoted)))
    else:
        said = await retell(quoted, desk, refusals, quickly=quickly)
    lines = [line for part in said for line in part]
    whole = " ".join(line.sentence for line in lines)
    return quoted if lacking(lines) > 0 or repeats_a_phrase(whole) else said


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
