"""What is left of Markdown when it is read aloud: for titles and beginnings."""

from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER: Final = MarkdownIt("commonmark")
_SPACES: Final = {"softbreak", "hardbreak"}
_WORDS: Final = {"text", "code_inline", "fence", "code_block"}


def plain_text(markdown: str) -> str:
    """The words of `markdown`, each block on a line of its own."""
    lines = (" ".join("".join(_words(token)).split()) for token in _PARSER.parse(markdown))
    return "\n".join(line for line in lines if line)


def shortened(text: str, length: int) -> str:
    """`text` with at most so many characters, of whole words if it can be; `…` stands for the rest."""
    if len(text) <= length:
        return text
    cut = text[:length]  # the last of these makes room for the mark
    whole = cut.rpartition(" ")[0] if " " in cut[length // 2 :] else cut[:-1]
    return whole.rstrip(" ,;:.-\n") + "…"


def _words(token: Token) -> Iterator[str]:
    if token.type in _WORDS:
        yield token.content
    elif token.type in _SPACES:
        yield " "
    for child in token.children or ():  # of an image they are its description
        yield from _words(child)
