"""What of a post's tokens is kept: no raw HTML, no image, no link but to the web or to an address for mail.

Markdown nested in Markdown that means nothing (a link in a link, emphasis of nothing) goes as well, because it is
written in one way and read in another.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from typing import Final

from markdown_it.token import Token

from lyo.core.characters import visible

_DESTINATION: Final = re.compile(
    # With a host, and without a user before it, which is there to look like another host. No backslash, which browsers
    # read as a slash, and no percent sign in the host. Relative addresses have nothing here to be relative to.
    r"https?://(?:\[[0-9a-f:.]+\]|[^\s/?#@\\%:\[\]]+)(?::\d{1,5})?(?:[/?#]\S*)?"
    r"|mailto:[^\s/?@]+@[^\s/@?]+(?:\?\S*)?",
    re.IGNORECASE,
)
_SCRIPT: Final = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"&(?=#?\w{1,40};)")
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9_+#.-]{1,30}(?!\S)")
"""What may follow the fence of a block of code."""

_RAW: Final = re.compile(
    r"<(?P<silent>script|style)\b.*?</(?P=silent)\s*+>"
    r"|<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<![A-Za-z][^>]*+>"
    r"|</?[A-Za-z](?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+>"
    r"|<(?:!--|\?|!\[CDATA\[).*",
    re.DOTALL | re.IGNORECASE,
)
_SILENT_TAG: Final = re.compile(r"<(/?)(script|style)\b", re.IGNORECASE)
_LINE_TAG: Final = re.compile(r"<br\b", re.IGNORECASE)

_ADDRESS: Final = re.compile(r"://|www\.|mailto:|xmpp:", re.IGNORECASE)
"""What makes a link of the word that it stands in, for renderers that do so."""

_SPACE: Final = re.compile(r"[ \t\n]+")  # others may be a part of an address

_BREAKS: Final = frozenset({"softbreak", "hardbreak"})


def kept(tokens: Iterable[Token]) -> list[Token]:
    """The blocks of `tokens` that stay, with what stays of the text in them."""
    blocks: list[Token] = []
    for token in tokens:
        if token.type == "html_block":
            blocks += _paragraphs(unescape(_RAW.sub("", token.content)))
        elif token.type == "inline":
            token.children = _inline(token.children or [], breaks=blocks[-1].type == "paragraph_open")
            blocks.append(token)
        elif token.type in {"paragraph_close", "heading_close"} and not blocks[-1].children:
            del blocks[-2:]
        else:
            if token.type in {"fence", "code_block"}:
                _fence(token)
            blocks.append(token)
    return blocks


def _fence(token: Token) -> None:
    language = _LANGUAGE.match(token.info.strip())
    token.info = language[0] if language else ""
    # A fence that is never closed can end with the text, and the one that closes it needs a line of its own.
    code = token.content.rstrip("\n")
    token.content = code and code + "\n"


def _paragraphs(words: str) -> Iterator[Token]:
    for paragraph in re.split(r"\n\s*\n", _text(words, keep="\n")):
        children: list[Token] = []
        for line in paragraph.split("\n"):
            children += [Token("text", "", 0, content=line), Token("softbreak", "br", 0)]
        children = _tidy(children)
        if children:
            yield Token("paragraph_open", "p", 1)
            yield Token("inline", "", 0, children=children)
            yield Token("paragraph_close", "p", -1)


def _inline(tokens: Sequence[Token], *, breaks: bool) -> list[Token]:
    children = _apart(_tidy(_struck_once(_linked(_without_html(tokens)))))
    for child in children:
        if child.type == "hardbreak" and not breaks:
            child.type = "softbreak"
    return children


def _without_html(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens but for tags, and for what is between those of a script or style; `<br>` becomes a new line."""
    closing = {name: _places(tokens, f"</{name}") for name in ("script", "style")}
    silent_until = -1
    for place, token in enumerate(tokens):
        if token.type != "html_inline":
            # Emphasis may begin in a script and end behind it.
            if place > silent_until or token.nesting:
                yield token
            continue
        tag = _SILENT_TAG.match(token.content)
        if tag and not tag[1] and place > silent_until:
            silent_until = next((end for end in closing[tag[2].lower()] if end > place), place)
        elif place > silent_until and _LINE_TAG.match(token.content):
            yield Token("softbreak", "br", 0)


def _places(tokens: Sequence[Token], start: str) -> list[int]:
    return [
        place
        for place, token in enumerate(tokens)
        if token.type == "html_inline" and token.content.lower().startswith(start)
    ]


def _linked(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens with the links that are allowed, none in another, and links for images."""
    open_links: list[bool] = []
    in_script = False
    for token in tokens:
        if token.type == "link_open":
            in_script = token.info == "auto" and bool(_SCRIPT.match(str(token.attrs["href"])))
            open_links.append(not any(open_links) and _allowed(token))
            if open_links[-1]:
                yield token
        elif token.type == "link_close":
            in_script = False
            if open_links.pop():
                yield token
        elif token.type == "image":
            yield from _image(token, linked=any(open_links))
        elif not in_script:
            yield token


def _struck_once(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens without strikethrough in strikethrough: four tildes at the start of a line are a fence."""
    depth = 0
    for token in tokens:
        if token.type not in {"s_open", "s_close"} or max(depth, depth + token.nesting) == 1:
            yield token
        if token.type in {"s_open", "s_close"}:
            depth += token.nesting


def _apart(tokens: Iterable[Token]) -> list[Token]:
    """The tokens with a space before code or a link after an address: how these begin could become a part of that."""
    apart: list[Token] = []
    in_address = False
    for token in tokens:
        if token.type in {"code_inline", "link_open"} and in_address:
            _say(apart, " ")
        if token.type in {"link_open", "link_close", "code_inline", *_BREAKS}:
            in_address = False
        elif token.type == "text":
            *before, word = _SPACE.split(token.content)
            in_address = bool(_ADDRESS.search(word)) or (in_address and not before)
        apart.append(token)
    return apart


def _allowed(token: Token) -> bool:
    href = str(token.attrs["href"])
    if not _DESTINATION.fullmatch(href):
        return False
    # The content of an autolink is taken as it is; that of another may have references in it, which are read.
    token.attrs = {"href": href if token.info == "auto" else _REFERENCE.sub("&amp;", href)}
    return True


def _image(token: Token, *, linked: bool) -> Iterator[Token]:
    href = str(token.attrs["src"])
    alt = "".join(_alt(token.children or [])).strip()
    if linked or not href.lower().startswith("https:") or not _DESTINATION.fullmatch(href):
        yield Token("text", "", 0, content=alt)
        return
    yield Token("link_open", "a", 1, attrs={"href": _REFERENCE.sub("&amp;", href)})
    yield Token("text", "", 0, content=alt or href)
    yield Token("link_close", "a", -1)


def _alt(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "image":
            yield from _alt(token.children or [])
        elif token.type in _BREAKS:
            yield " "
        elif token.type in {"text", "code_inline"}:
            yield token.content


def _tidy(tokens: Iterable[Token]) -> list[Token]:
    """The tokens as they can be written: texts joined, no space just inside emphasis or at the ends, nothing empty."""
    tidy: list[Token] = []
    for token in tokens:
        if token.nesting == -1:
            _close(tidy, token)
        elif token.type in _BREAKS:
            _break(tidy, token)
        elif token.type == "text":
            _say(tidy, _text(token.content))
        else:
            tidy.append(token)
    _cut_space(tidy)
    return tidy


def _close(tidy: list[Token], token: Token) -> None:
    space = _cut_space(tidy)
    if tidy and tidy[-1].nesting == 1:
        tidy.pop()
    else:
        tidy.append(token)
    if isinstance(space, Token):
        _break(tidy, space)
    elif space:
        _say(tidy, space)


def _break(tidy: list[Token], token: Token) -> None:
    _cut_space(tidy)
    place = _before_opened(tidy)
    if place and tidy[place - 1].type not in _BREAKS:
        tidy.insert(place, token)


def _say(tidy: list[Token], content: str) -> None:
    place = _before_opened(tidy)
    if not place or tidy[place - 1].type in _BREAKS:
        content = content.lstrip()
    if place < len(tidy) and content[:1].isspace():
        stripped = content.lstrip()
        opened = tidy[place:]
        del tidy[place:]
        _say(tidy, " ")
        tidy += opened
        content = stripped
    if content and tidy and tidy[-1].type == "text":
        # What two texts end and begin with may be one character.
        content = unicodedata.normalize("NFC", tidy.pop().content + content)
    if content:
        tidy.append(Token("text", "", 0, content=content))


def _before_opened(tidy: Sequence[Token]) -> int:
    place = len(tidy)
    while place and tidy[place - 1].nesting == 1:
        place -= 1
    return place


def _cut_space(tidy: list[Token]) -> Token | str | None:
    """Take white space from the end; the last break of it, else a space if there was any."""
    cut: Token | str | None = None
    while tidy and tidy[-1].type in {"text", *_BREAKS}:
        last = tidy.pop()
        if last.type in _BREAKS:
            cut = last
            continue
        stripped = last.content.rstrip()
        if stripped:
            if stripped != last.content:
                cut = cut or " "
            tidy.append(Token("text", "", 0, content=stripped))
            break
        cut = cut or " "
    return cut


def _text(content: str, keep: str = "") -> str:
    """What references like `&#10;` stood for is text too: cleaned again, with spaces for new lines that were none."""
    return "".join(" " if c in "\n\t" and c not in keep else c for c in visible(content))
