"""What a sentence may be shortened to, by leaving parts out and by nothing else.

A small model that is asked to say a sentence shorter copies it, or makes something up. So it is not asked that: it
writes a sentence about the thing, and a grammar allows it the sentence of the source, whole or with asides left out.
The sentence is cut where it is punctuated; what stands between two commas or in brackets is an aside, and at each aside
the model chooses: say it, leap over it, or end there. Words stay as they are, and in their order.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise, product

from lyo.courses.generation.languages import LanguageData, language_data
from lyo.courses.generation.words import words

MOST_LIST_WORDS = 5
"""Of an item in the middle of a list; what is longer between two commas is taken for an aside."""

MOST_LAST_WORDS = 6
"""Of the last item of a list, the words among which its `and` stands."""

MOST_ASIDE_WORDS = 3
"""Of the words that begin an aside: `as well as`."""

LEAST_VERB = 6
"""Letters of a word that its ending makes a verb: `portait`, not `lait`."""

LONGEST = 400
"""Characters of a sentence that is looked at."""

MOST = 64
"""Ways of shortening a sentence that are worked out."""

_BRACKETS = re.compile(r"\s+[(\[][^()\[\]]*[)\]](?!\w)|\s+—(?=\S)[^—]*(?<=\S)—(?=[\s,;:.])")
_PARTS = re.compile(r"(, |; |: | [–—-] )")
_END = re.compile(r"[.!?…]+[\"»”’)]*$")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a sentence that stays as it is."""

    text: str
    before: str
    """What separates it from the part before: a mark, or nothing where only a word like `although` begins it."""


def shortenings(sentence: str, language: str) -> list[str]:
    """All that `sentence` may be shortened to, at most `MOST`; nothing where there is nothing to leave out."""
    data = language_data(language)
    if len(sentence) > LONGEST or not _END.search(sentence):
        return []
    parts = _split(_tidy(sentence), data)
    ways = _ways(parts, data)
    found: dict[str, None] = {}
    waiting = [(text, state) for text, state in reversed(_starts(parts, data)) if state in ways]
    while waiting and len(found) < MOST:
        said, state = waiting.pop()
        for onward, text in ways[state]:
            if onward is None:
                found[said.removesuffix(".") + text] = None  # `the U.S.` ends a sentence as it is
            else:
                waiting.append((f"{said}{text}{parts[onward[0]].text}", onward))
    return list(found)


State = tuple[int, bool]
"""The part that was said last, and whether any part was left out by then."""

Ways = dict[State, list[tuple[State | None, str]]]
"""What may follow in each state, and what stands before it; None is the end."""


def _starts(parts: list[Part], data: LanguageData) -> list[tuple[str, State]]:
    """What a shortened sentence begins with: the first part, or the second where the first only leads up to it."""
    starts = [(parts[0].text, (0, False))]
    if _opens(parts, data) and _first(parts[0].text) in data.droppable and _has_verb(parts[1].text, data):
        starts.append((_capital(parts[1].text), (1, True)))
    return starts


def _ways(parts: list[Part], data: LanguageData) -> Ways:
    """From each state, what may follow: another part, or the end, which nothing reaches that is still whole."""
    last = len(parts) - 1
    opens = _opens(parts, data)
    main = _main(parts, 1 if opens else 0, data)
    ways: Ways = {}
    if main is None:
        return ways
    for at, dropped in product(range(len(parts)), (False, True)):
        if opens and at == 0:
            ways[at, dropped] = [((1, dropped), ", ")]
            continue
        ends = at >= main and (dropped or at < last) and not _is_open(parts, at, data)
        onward: list[tuple[State | None, str]] = [(None, ".")] if ends else []
        for further in range(at + 1 if at >= main else main, len(parts) if at >= main else main + 1):
            link = " " if further == main > at + 1 else _link(parts, at, further, data)
            if link is not None and (further <= main or not _only_begins(parts, further, data)):
                onward.append(((further, dropped or further > at + 1), link))
        ways[at, dropped] = onward
    return _alive(ways)


def _is_open(parts: list[Part], at: int, data: LanguageData) -> bool:
    """Whether the part leaves something to come: after `and`, `is` or `by which organisms`, or in an aside's middle.

    So does a participle whose place or time follows an aside: `set, in part, in Rome`.
    """
    word, tokens = _last(parts[at].text), parts[at].text.split(" ")
    clause = next((place for place in range(len(tokens)) if _begins(tokens, place, data.clauses)), None)
    if clause is not None and not _has_verb(" ".join(tokens[clause:]), data):
        return True
    follows = any(_first(part.text) in data.openers for part in parts[at + 2 :])
    unfinished = data.joiners | data.openers | data.copulas | data.verbs
    return word in unfinished or (follows and word.endswith(tuple(data.participle_endings)))


def _only_begins(parts: list[Part], at: int, data: LanguageData) -> bool:
    """Whether the part begins a clause that has its verb further on: `even if some countries, …, were`."""
    spoken = words(parts[at].text)
    begins = spoken[1:2] if spoken and spoken[0] in data.joiners else spoken[:1]
    return bool(data.openers.intersection(begins)) and not _has_verb(parts[at].text, data)


def _link(parts: list[Part], at: int, further: int, data: LanguageData) -> str | None:
    """What stands between two parts that follow each other; None where the further one may not.

    Over an aside one leaps to a predicate, `was …`, or to what a joiner begins, `and …`.
    """
    part = parts[further]
    first = _first(part.text)
    if further == at + 1:
        return part.before or " " if not part.before or first in data.joiners else None
    leaps = first in data.joiners | data.copulas | data.verbs or _last(parts[at].text) in data.joiners
    return " " if leaps or _completes(part.text, data) else None


def _alive(ways: Ways) -> Ways:
    """Only what leads to an end: a model that went elsewhere could not finish its sentence."""
    while True:
        onward = {state: [way for way in out if way[0] is None or ways.get(way[0])] for state, out in ways.items()}
        alive = {state: out for state, out in onward.items() if out}
        if alive == ways:
            return alive
        ways = alive


def _split(plain: str, data: LanguageData) -> list[Part]:
    """The parts of a sentence without its brackets and its end; a list is one part."""
    pieces = _PARTS.split(plain)
    parts = [Part(pieces[0].strip(), "")]
    for mark, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if _ends_in_adjective(parts[-1].text, text, data):
            parts[-1] = Part(parts[-1].text + mark + text, parts[-1].before)
        else:
            parts.append(Part(text.strip(), mark))
    return _one_lead([piece for part in _joined_lists(parts, data) for piece in _at_words(part, data)], data)


def _tidy(sentence: str) -> str:
    """The sentence without its brackets and its end."""
    return re.sub(r"\s+(?=[,.])", "", " ".join(_END.sub("", _BRACKETS.sub("", sentence)).split())).strip()


def _one_lead(parts: list[Part], data: LanguageData) -> list[Part]:
    """All that leads up to the sentence as one part: `In 1964, at the age of 21`."""
    while len(parts) > 2 and _opens(parts, data) and _opens(parts[1:], data):  # noqa: PLR2004  lead, lead and sentence
        parts = [Part(f"{parts[0].text}, {parts[1].text}", parts[0].before), *parts[2:]]
    return parts


def _ends_in_adjective(text: str, following: str, data: LanguageData) -> bool:
    """Whether the comma behind `text` stands between two adjectives: `a bold, dynamic style`."""
    known = data.openers | data.joiners | data.asides | data.copulas | data.verbs | data.stop_words
    article = words(text)[-2:-1]
    return bool(article) and article[0] in data.indefinite and _first(following) not in known


def _joined_lists(parts: list[Part], data: LanguageData) -> list[Part]:
    """A list, `blues, ragtime, and hymns` or `blues, ragtime et hymnes`, is all or nothing."""
    joined: list[Part] = []
    at = 0
    while at < len(parts):
        end = _end_of_list(parts, at, data)
        text = parts[at].text + "".join(part.before + part.text for part in parts[at + 1 : end + 1])
        joined.append(Part(text, parts[at].before))
        at = end + 1
    return joined


def _end_of_list(parts: list[Part], start: int, data: LanguageData) -> int:
    """The last part of the list whose first item ends the part at `start`; `start` itself where none begins."""
    end = start
    for at in range(start + 1, len(parts)):
        spoken = words(parts[at].text)
        joiner = next((place for place, word in enumerate(spoken[:MOST_LAST_WORDS]) if word in data.joiners), None)
        item = " ".join(parts[at].text.split()[: joiner + 2 if joiner is not None else None])
        begins = spoken[1:2] if joiner == 0 else spoken[:1]
        if parts[at].before != ", " or _has_verb(item, data) or data.openers.intersection(begins):
            break
        if joiner is not None and (joiner > 0 or at > start + 1):
            end = at
        if len(spoken) > MOST_LIST_WORDS or joiner == 0:
            break
    return end


def _at_words(part: Part, data: LanguageData) -> list[Part]:
    """The part cut before each word that begins an aside without a mark."""
    tokens = part.text.split(" ")
    cuts = [0, *(at for at in range(1, len(tokens)) if _begins_aside(tokens, at, data)), len(tokens)]
    cut: list[Part] = []
    marks = ""
    for start, end in pairwise(cuts):
        text = " ".join(tokens[start:end])
        bare = text.rstrip(",;:")
        cut.append(Part(bare, part.before if not cut else marks))
        marks = f"{text[len(bare) :]} " if bare != text else ""
    return cut


def _completes(text: str, data: LanguageData) -> bool:
    return _begins(text.split(" "), 0, data.complements)


def _begins(tokens: list[str], at: int, phrases: Collection[str]) -> bool:
    """Whether one of the phrases, their words joined by `_`, begins at `at`."""
    rest = "_".join(tokens[at : at + MOST_ASIDE_WORDS]).casefold()
    return any(f"{rest}_".startswith(f"{phrase}_") for phrase in phrases)


def _begins_aside(tokens: list[str], at: int, data: LanguageData) -> bool:
    """Whether an aside begins here, as `although …` does, or a second predicate, as `and was …` does."""
    if _begins(tokens, at, data.asides):
        return tokens[at - 1].casefold() not in data.openers | data.joiners | data.copulas | data.verbs
    return tokens[at].casefold() in data.joiners and at + 1 < len(tokens) and tokens[at + 1].casefold() in data.copulas


def _main(parts: list[Part], first: int, data: LanguageData) -> int | None:
    """The part that has the sentence's verb, before which it cannot end: `The players, called White, move`.

    None where there is one, and code cannot tell which.
    """
    complement = max((at for at in range(first + 2, len(parts)) if _completes(parts[at].text, data)), default=0)
    if _has_verb(parts[first].text, data):
        return max(first, complement)
    later = [at for at in range(first + 1, len(parts)) if _has_verb(parts[at].text, data)]
    candidates = later or range(first + 2, len(parts))
    found = next((at for at in candidates if _may_be_predicate(parts[at].text, data)), None)
    return found if found is not None or later else first


def _may_be_predicate(text: str, data: LanguageData) -> bool:
    word = _first(text)
    if _begins(text.split(" "), 0, data.asides):
        return False
    if word in data.verbs | data.copulas:
        return True
    known = data.openers | data.joiners | data.stop_words
    return word not in known and not word.endswith(tuple(data.participle_endings))


def _has_verb(text: str, data: LanguageData) -> bool:
    finite = data.verbs | data.copulas
    endings = tuple(data.verb_endings)
    spoken = text.split()
    return any(
        word.casefold() in finite or (len(word) >= LEAST_VERB and word.islower() and word.endswith(endings))
        for word in spoken
    )


def _opens(parts: list[Part], data: LanguageData) -> bool:
    """Whether the first part only leads up to the sentence: `In 1964`, `Known for his films`."""
    if len(parts) == 1 or parts[1].before != ", ":
        return False
    first, second = parts[0].text, parts[1].text
    if _has_verb(first, data) and not _has_verb(second, data):
        return False
    if not _has_verb(first, data) and _first(second) in data.dangling - data.openers - data.joiners:
        return True
    return _first(first) in data.openers or _first(first).endswith(tuple(data.opening_endings))


def _first(text: str) -> str:
    return next(iter(words(text)), "")


def _last(text: str) -> str:
    return next(reversed(words(text)), "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
