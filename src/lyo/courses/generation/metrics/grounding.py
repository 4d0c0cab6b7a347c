"""Whether what a course says is what its sources say.

Lexical overlap of a claim with what it cites, after lextures; invented numbers and names as a hard fail; citations that
exist and quotes that are verbatim, after ALCE (arXiv 2305.14627) without its judge.
"""

import unicodedata
from collections.abc import Iterator

from lyo.courses.generation.gates import LEAST_OVERLAP, Claim, first_failure, invents_no_name, numbers, overlap
from lyo.courses.generation.gates import repeats_a_phrase as repeats
from lyo.courses.generation.metrics.reading import Said, cited, items_of, others_by_url, passages_by_url, prose, said_in
from lyo.courses.generation.metrics.values import Verdict
from lyo.courses.generation.values import CourseDraft, ItemDraft
from lyo.sources.protocol import Passage


def judge_sentences(course: CourseDraft) -> list[Verdict]:
    """Each sentence of each text: at least half of its content words in what it cites, no number or name of its own."""
    everything = _everything(course)
    return [
        Verdict(lesson, "sentence", said.sentence, _ungrounded(item, said, course, everything))
        for lesson, item in items_of(course, "text")
        for said in said_in(item.content or "")
    ]


def judge_gates(course: CourseDraft) -> list[Verdict]:
    """Each text, as it is published: every sentence through the gates again, and the whole for what it repeats."""
    return [
        Verdict(lesson, "text", item.content or "", _refused(item, course)) for lesson, item in items_of(course, "text")
    ]


def judge_citations(course: CourseDraft) -> list[Verdict]:
    """Each citation has the address of something that was found, and each mark in a text has its citation."""
    known = passages_by_url(course).keys() | others_by_url(course).keys()
    verdicts: list[Verdict] = []
    for lesson, item in items_of(course):
        for citation in item.citations:
            why = None if citation.url in known else "no source with this address was found"
            verdicts.append(Verdict(lesson, "citation", f"[{citation.n}] {citation.title} {citation.url}".strip(), why))
        verdicts += [
            Verdict(lesson, "citation", f"[{mark}]", "the item has no citation of this number")
            for mark in sorted(_marked(item) - {citation.n for citation in item.citations})
        ]
    return verdicts


def judge_quotes(course: CourseDraft) -> list[Verdict]:
    """Each quote of a citation or a question stands in what it is from, white space and Unicode forms aside.

    A question without a quote is no misquotation: `questions_proved` counts it.
    """
    verdicts: list[Verdict] = []
    for lesson, item in items_of(course):
        urls = {citation.n: citation.url for citation in item.citations}
        quotes = [(citation.n, citation.quote) for citation in item.citations]
        quotes += [(question.n, question.quote) for question in item.questions if question.quote]
        for number, quote in quotes:
            source = _source(course, urls.get(number, ""))
            if source is not None and not quote and urls[number] in others_by_url(course):
                continue  # a video or a book is pointed to, not quoted
            verdicts.append(Verdict(lesson, "quote", quote, _misquoted(quote, source)))
    return verdicts


def _marked(item: ItemDraft) -> set[int]:
    """The numbers that a text points to."""
    said = said_in(item.content or "") if item.type == "text" else []
    return {mark for sentence in said for mark in sentence.marks}


def _ungrounded(item: ItemDraft, said: Said, course: CourseDraft, everything: str) -> str | None:
    if not said.marks:
        return "cites nothing"
    passages = cited(item, said.marks, passages_by_url(course))
    if not passages:
        return f"what {_marks(said)} stands for was not found"
    language = course.material.language
    most = max(overlap(said.sentence, f"{p.title} {p.text}", language) for p in passages)
    if most < LEAST_OVERLAP:
        return f"{most:.0%} of its content words are in what it cites"
    invented = numbers(said.sentence) - numbers(everything)
    if invented:
        return f"no source has the number {min(invented)}"
    if not invents_no_name(Claim(said.sentence, everything, language)):
        return "no source has one of its names"
    return None


def _refused(item: ItemDraft, course: CourseDraft) -> str | None:
    passages = passages_by_url(course)
    said = said_in(item.content or "")
    if not said:
        return "says nothing"
    for sentence in said:
        sources = cited(item, sentence.marks, passages)
        if not sources:
            return f"cites nothing: “{sentence.sentence}”"
        failures = [_gate(sentence, passage, course) for passage in sources]
        if all(failures):
            return f"{failures[0]}: “{sentence.sentence}”"
    return "repeats_a_phrase" if repeats(prose(item.content or "")) else None


def _gate(said: Said, passage: Passage, course: CourseDraft) -> str | None:
    return first_failure(Claim(said.sentence, passage.text, course.material.language))


def _misquoted(quote: str, source: str | None) -> str | None:
    if source is None:
        return "what it is from was not found"
    if not quote.strip():
        return "there is no quote"
    return None if _plain(quote) in _plain(source) else "does not stand in what it is from"


def _source(course: CourseDraft, url: str) -> str | None:
    """The text behind an address: of a passage its text, of a video or a reading its catalogue entry."""
    passage = passages_by_url(course).get(url)
    if passage is not None:
        return passage.text
    other = others_by_url(course).get(url)
    return f"{other.title}\n{other.description}" if other is not None else None


def _everything(course: CourseDraft) -> str:
    return "\n".join(_known(course))


def _known(course: CourseDraft) -> Iterator[str]:
    for passage in course.material.passages:
        yield f"{passage.title}. {passage.description or ''}. {passage.text}"


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _marks(said: Said) -> str:
    return "".join(f"[{mark}]" for mark in said.marks)
