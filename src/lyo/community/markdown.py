"""Posts and comments are CommonMark with tables and strikethrough; they are made safe once, when they are stored.

What is stored is what markdown-it reads and mdformat writes again. It is kept only if reading and writing it changes
nothing more: then there is nothing left in it that would have been taken out. Renderers that make links of plain
addresses read what follows as part of them, backslashes and backquotes too: so nothing hangs on these there.
"""

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from lyo.community.filtering import kept
from lyo.community.writing import written
from lyo.core.characters import visible

_DEEPEST: Final = 20
"""Of quotations and lists in each other, and of emphasis in each other. Nobody reads ten."""
_MOST_LINES: Final = 2_500
"""Each is compared with all that may begin a block, in reading and in writing."""
_MOST_TOKENS: Final = 15_000
"""Of blocks, such as 5,000 paragraphs."""
_MOST_CELLS: Final = 5_000
"""A line of one character may be a row of as many cells as the table has columns."""
_MOST_BRACKETS: Final = 3_000
"""For each that opens, a parser looks for the one that closes."""
_MOST_LISTS: Final = 50
"""Right after each other: mdformat looks back over all of them at each."""
_MOST_ITEMS: Final = 300
"""Of lists: whether a list is a loose one, mdformat looks up anew for each of its items, in all of them."""
_MOST_MARKS: Final = 500
"""Of emphasis: for each that closes, a parser looks for the one that opened, and mdformat for its neighbours."""
_MOST_GROWTH: Final = 2
"""Of a text by being written again, in which each use of a link that is defined once has its address."""
_ROUNDS: Final = 4
"""Most is settled in the first, and nearly all in the second."""

_BRACKET: Final = re.compile(r"(?<!\\)\[")
_MARK: Final = re.compile(r"(?<!\\)[*_~]")
_PUNCTUATION: Final = re.compile(r"[!-/:-@\[-`{-~]")


class _TooIntricate(Exception):
    """Nested too deep, or of too many parts."""


def sanitised(text: str) -> str:
    """`text` as it may be stored and shown: safe in any renderer, and what its writer meant. Never raises.

    Raw HTML goes, and the words in it stay, but for scripts and styles. Links go to http, https and mailto only, and
    where one goes its text stays; a relative one goes too. Images become links to them, since loading one would tell
    its server who reads the post. Characters that hide or reorder others go. What is too intricate becomes plain text.
    """
    clean = visible(text)
    for attempt in (clean, escaped(clean)):
        settled = rewritten(attempt)
        if settled is not None:
            return settled
    return words_alone(clean)


def plain(text: str) -> str:
    """The words of `text`, which is Markdown, as one reads them: without marks, addresses and raw HTML."""
    try:
        tokens = _parsed(visible(text))
    except _TooIntricate:
        return words_alone(visible(text))
    words: list[str] = []
    for block in tokens:
        if block.type in {"fence", "code_block"}:
            words.append(block.content)
        elif block.type == "inline":
            words.append("".join(_spoken(child) for child in block.children or []))
    return "\n".join(words)


def _spoken(token: Token) -> str:
    return "\n" if token.type in {"softbreak", "hardbreak"} else token.content if token.type != "html_inline" else ""


def rewritten(text: str) -> str | None:
    """`text` as it stays when it is read and written once more, or None if it never does or is too intricate."""
    longest = _MOST_GROWTH * len(text) + 1_000
    for _ in range(_ROUNDS):
        try:
            tokens = kept(_parsed(text))
            if _addresses(tokens) > longest:
                return None
            again = visible(written(tokens))
        except Exception:  # noqa: BLE001 - whatever two libraries stumble over, the post is kept as plain text
            return None
        if len(again) > longest:
            return None
        if again == text:
            return text
        text = again
    return None


def _addresses(tokens: Iterable[Token]) -> int:
    """How long the addresses of all links are together."""
    children = (child for token in tokens for child in token.children or [])
    return sum(len(str(child.attrs.get("href", ""))) for child in children)


@cache
def _parser() -> MarkdownIt:
    # It reads raw HTML, so that we see it. One level more than we allow shows that there are too many.
    parser = MarkdownIt("commonmark", {"maxNesting": 2 * _DEEPEST}).enable(["table", "strikethrough"])
    parser.validateLink = _any_link  # type: ignore[method-assign, assignment] # a link that it refuses would stay there as text
    return parser


def _any_link(_address: str) -> bool:
    return True


def _parsed(text: str) -> list[Token]:
    """The blocks of `text`; raises `_TooIntricate`."""
    if text.count("\n") > _MOST_LINES or _cells(text) > _MOST_CELLS:
        raise _TooIntricate
    if len(_BRACKET.findall(text)) > _MOST_BRACKETS or len(_MARK.findall(text)) > _MOST_MARKS:
        raise _TooIntricate
    tokens = _parser().parse(text)
    lists = sum(a.type == b.type.replace("open", "close") and "list_close" in a.type for a, b in pairwise(tokens))
    items = sum(token.type == "list_item_open" for token in tokens)
    if len(tokens) > _MOST_TOKENS or lists > _MOST_LISTS or items > _MOST_ITEMS or _depth(tokens) > 2 * _DEEPEST - 2:
        raise _TooIntricate
    if any(_depth(token.children or []) > _DEEPEST for token in tokens):
        raise _TooIntricate
    return tokens


def _cells(text: str) -> int:
    """How many cells the tables of `text` have at most, guessed from their delimiter rows, which end in `|---|---|`."""
    lines = text.split("\n")
    columns = 0
    for line in lines:
        before = line.rstrip("|:- \t")
        if "-" in line[len(before) :] and not before.endswith("\\"):
            columns = max(columns, line.count("|", len(before)) + 1)
    return columns * len(lines) if columns > 1 else 0


def _depth(tokens: list[Token]) -> int:
    deepest = depth = 0
    for token in tokens:
        depth += token.nesting
        deepest = max(deepest, depth)
    return deepest


def escaped(text: str) -> str:
    """`text` so that Markdown reads every character of it as itself; a new line alone is a space to it anyway."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text))
    return _PUNCTUATION.sub(r"\\\g<0>", "\n\n".join(paragraphs))


def words_alone(text: str) -> str:
    """The words alone, in which nothing means anything to Markdown."""
    return " ".join(_PUNCTUATION.sub(" ", text).split())
