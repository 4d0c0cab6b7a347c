"""A text in the words of a model that can follow instructions."""

from collections import Counter

from lyo.courses.generation.asking import Desk
from lyo.courses.generation.choosing import dangles
from lyo.courses.generation.gates import Claim, first_failure
from lyo.courses.generation.languages import language_data
from lyo.courses.generation.said import Part, Said
from lyo.courses.generation.words import content_words, sentences
from lyo.sources.protocol import Passage

EXPLAIN_TOKENS = 260
EXPLAIN_TRIES = 2
"""The first, and one repair with the reasons of the gates."""
MOST_SOURCE_CHARACTERS = 3000

SAID_AGAIN = 0.8
"""Of a sentence's content words, the share that one other sentence has, from which on it says nothing new."""


async def explain(part: Part, desk: Desk, refusals: Counter[str]) -> Part:
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
        if failure is None and any(_says_again(sentence, one) for one in said):
            failure = "does_not_loop"
        if failure is None:
            said.append(Said(sentence, passage, _closest(sentence, passage)))
        else:
            faults[failure] += 1
    return said


def _says_again(sentence: str, line: Said) -> bool:
    """Whether the sentence has little to add to one before it: small models say things twice in a row."""
    language = line.passage.language
    said = set(content_words(sentence, language))
    return bool(said) and len(said & set(content_words(line.sentence, language))) >= SAID_AGAIN * len(said)


def _closest(sentence: str, passage: Passage) -> str:
    said = set(content_words(sentence, passage.language))
    return max(sentences(passage.text), key=lambda line: len(said & set(content_words(line, passage.language))))
