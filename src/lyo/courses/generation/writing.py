"""Writing a lesson: the model phrases, the gates judge each sentence, the passages stand in for what fails."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lyo.courses.generation.asking import Desk, open_desk
from lyo.courses.generation.choosing import choose_sentences, dangles
from lyo.courses.generation.gates import Claim, first_failure, is_verbatim, repeats_a_phrase
from lyo.courses.generation.languages import language_data
from lyo.courses.generation.values import Citation, ItemDraft, LessonDraft, LessonPlan, Material, Outline
from lyo.courses.generation.words import content_words, sentences, words
from lyo.llm.protocol import LanguageModel
from lyo.sources.protocol import Passage

OWN_SHARE = 1 / 3
"""Of a text's sentences, the share that must be the model's own wording for the text to be called the model's.

The rest stand verbatim from the source, and `ItemDraft.verbatim_share` says how many."""

ENOUGH_OWN = 1 / 2
"""The share of its own wording with which the model is not asked again."""

WORTH_SHORTENING = 12
"""Words from which on a sentence can be said shorter."""

SENTENCES = 8
"""Of a text: two for each passage that supports, the others for the one that the lesson is about."""

SUPPORT_SENTENCES = 2
EXPLAIN_TOKENS = 220
MOST_SOURCE_CHARACTERS = 3000
"""Of a passage or a sentence, what a prompt holds: with the examples about 1,200 tokens of a window of 2,048."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of a text: where it is from, and the words of the source behind it."""

    sentence: str
    passage: Passage
    quote: str

    @property
    def is_own(self) -> bool:
        """Whether the wording is the model's and not the source's."""
        return not is_verbatim(self.sentence, self.passage.text)


async def write_lesson(outline: Outline, number: int, material: Material, model: LanguageModel) -> LessonDraft:
    """Lesson `number` (from 0) of `outline`: a text with citations, and the articles that it is from.

    Raises `ModelUnavailable`. Whatever else the model does, the lesson is whole and everything in it has passed.
    """
    lesson = outline.lessons[number]
    passages = [material.passage(passage_id) for passage_id in lesson.passage_ids]
    desk = await open_desk(model)
    refusals: Counter[str] = Counter()
    parts = _extractive(passages)
    if desk.speaks_chat:
        parts = await asyncio.gather(*(_explain(part, desk, refusals) for part in parts))
    else:
        parts = await _shorten(parts, desk, refusals)
    text = _text(lesson, passages, parts, outline.language)
    articles = [_article(passage) for passage in passages]
    return LessonDraft(items=(text, *articles), spent=desk.spent, refusals=dict(refusals))


def _share(place: int, passages: int) -> int:
    """How many sentences of a lesson the passage at `place` gives."""
    return SUPPORT_SENTENCES if place else SENTENCES - SUPPORT_SENTENCES * (passages - 1)


async def _shorten(parts: Sequence[Sequence[Said]], desk: Desk, refusals: Counter[str]) -> list[list[Said]]:
    """The sentences of the source said shorter, one by one, by a model that can do little more.

    In rounds: the next is only begun where too much still stands as it was.
    """
    lines = [line for part in parts for line in part]
    rounds = len(language_data(lines[0].passage.language).temperatures) if lines else 0
    for round_ in range(rounds):
        if sum(line.is_own for line in lines) >= ENOUGH_OWN * len(lines):
            break
        lines = await asyncio.gather(*(_shorter(line, round_, desk, refusals) for line in lines))
    said = iter(lines)
    return [[next(said) for _ in part] for part in parts]


async def _shorter(line: Said, round_: int, desk: Desk, refusals: Counter[str]) -> Said:
    """One sentence said shorter; the sentence as it was where the model has nothing to offer that passes."""
    length = len(words(line.quote))
    if line.is_own or length < WORTH_SHORTENING:
        return line
    passage, data = line.passage, language_data(line.passage.language)
    answer = await desk.ask(
        data.shorten,
        line.quote,
        max_tokens=min(8 + 2 * length, EXPLAIN_TOKENS),
        temperature=data.temperatures[round_],
        seed=round_ + 1,
    )
    sentence = next(iter(sentences(answer.partition("\n")[0])), "")
    failure = first_failure(Claim(sentence, passage.text, passage.language, basis=line.quote))
    if failure is None and not is_verbatim(sentence, passage.text):
        return Said(sentence, passage, line.quote)
    refusals[failure or "verbatim"] += 1
    return line


async def _explain(part: list[Said], desk: Desk, refusals: Counter[str]) -> list[Said]:
    """A passage in the words of a model that can follow instructions: its sentences that pass, or the source's."""
    if not part:
        return part
    passage = part[0].passage
    data = language_data(passage.language)
    answer = await desk.ask(
        data.explain,
        passage.text[:MOST_SOURCE_CHARACTERS],
        max_tokens=EXPLAIN_TOKENS,
        temperature=data.temperatures[0],
        seed=1,
    )
    said: list[Said] = []
    for sentence in sentences(answer):
        failure = first_failure(Claim(sentence, passage.text, passage.language))
        if failure is None and not _dangles_first(sentence, said, passage.language):
            said.append(Said(sentence, passage, _closest(sentence, passage)))
        else:
            refusals[failure or "dangles"] += 1
    return said[: len(part) + 1] or part


def _text(lesson: LessonPlan, passages: Sequence[Passage], parts: Sequence[list[Said]], language: str) -> ItemDraft:
    said = [line for part in parts for line in part]
    own = sum(line.is_own for line in said)
    by_model = bool(said) and own >= OWN_SHARE * len(said) and not repeats_a_phrase(_markdown(parts, language))
    if not by_model:
        parts = _extractive(passages)
    lines = [line for part in parts for line in part]
    return ItemDraft(
        type="text",
        title=language_data(language).phrases["text_title"].format(title=lesson.title),
        content=_markdown(parts, language),
        source="generated" if by_model else "wikipedia",
        source_url=None if by_model else passages[0].url,
        generated_by="model" if by_model else "extractive",
        citations=tuple(_citations(parts)),
        verbatim_share=round(1 - sum(line.is_own for line in lines) / len(lines), 3) if lines else None,
    )


def _markdown(parts: Sequence[Sequence[Said]], language: str) -> str:
    """The anchor's sentences as a paragraph, then what each supporting passage adds as a point of a list."""
    cited = [part for part in parts if part]
    lead = " ".join(f"{line.sentence} [1]" for line in cited[0])
    points = [
        f"- **{part[0].passage.title}.** " + " ".join(f"{line.sentence} [{number}]" for line in part)
        for number, part in enumerate(cited[1:], start=2)
    ]
    heading = f"### {language_data(language).phrases['key_ideas']}"
    return "\n\n".join([lead, heading, "\n".join(points)] if points else [lead])


def _citations(parts: Sequence[Sequence[Said]]) -> Iterable[Citation]:
    for number, part in enumerate((part for part in parts if part), start=1):
        passage = part[0].passage
        yield Citation(
            n=number,
            title=passage.title,
            url=passage.url,
            licence=passage.licence,
            language=passage.language,
            quote=part[0].quote,
            retrieved_at=passage.retrieved_at,
        )


def _article(passage: Passage) -> ItemDraft:
    phrases = language_data(passage.language).phrases
    description = (passage.description or "").strip(" .")
    why = phrases["article_why"].format(description=description) if description else phrases["article_why_plain"]
    quote = next(iter(sentences(passage.text)), passage.text)
    (citation,) = _citations([[Said(quote, passage, quote)]])
    return ItemDraft(
        type="article",
        title=phrases["article_title"].format(title=passage.title),
        content=why,
        source="wikipedia",
        source_url=passage.url,
        generated_by="catalogue",
        citations=(citation,),
    )


def _closest(sentence: str, passage: Passage) -> str:
    said = set(content_words(sentence, passage.language))
    return max(sentences(passage.text), key=lambda line: len(said & set(content_words(line, passage.language))))


def _dangles_first(sentence: str, said: Sequence[Said], language: str) -> bool:
    return not said and dangles(sentence, language)


def _extractive(passages: Sequence[Passage]) -> list[list[Said]]:
    """The text in the sources' own words: every sentence verbatim, none that would make the whole repeat itself."""
    parts: list[list[Said]] = []
    whole = ""
    for place, passage in enumerate(passages):
        part: list[Said] = []
        whole = f"{whole}\n{passage.title}."
        for line in choose_sentences(passage, _share(place, len(passages))):
            if not repeats_a_phrase(f"{whole} {line}"):
                whole = f"{whole} {line}"
                part.append(Said(line, passage, line))
        parts.append(part)
    return parts
