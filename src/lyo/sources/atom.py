"""Reading an Atom feed that anybody may have written.

With expat itself, not ElementTree: a document type, which is where entities are declared and what every attack by XML
needs, is refused as soon as it begins. Without it there is nothing to expand and nothing to fetch, so what is read is
never longer than what was sent; depth and number of entries are bounded here.
"""

from dataclasses import dataclass, field
from typing import Final, Never
from xml.parsers import expat

from lyo.sources.protocol import SourceUnavailable

MOST_DEEP: Final = 32
MOST_ENTRIES: Final = 200
_ATOM: Final = "http://www.w3.org/2005/Atom"
_ENTRY: Final = (f"{_ATOM} feed", f"{_ATOM} entry")
_TEXTS: Final = {f"{_ATOM} {name}": name for name in ("id", "title", "published", "summary")}
_AUTHOR: Final = (f"{_ATOM} author", f"{_ATOM} name")


@dataclass(slots=True)
class Entry:
    """One entry, its texts as they were sent; empty where there are none."""

    id: str = ""
    title: str = ""
    published: str = ""
    summary: str = ""
    authors: list[str] = field(default_factory=list[str])


class _Refused(Exception):
    """The feed is not read any further."""


@dataclass(slots=True)
class _Reader:
    root: str = ""
    entries: list[Entry] = field(default_factory=list[Entry])
    path: list[str] = field(default_factory=list[str])
    pieces: list[str] = field(default_factory=list[str])

    def start(self, name: str, _attributes: object) -> None:
        if not self.path:
            self.root = name
        self.path.append(name)
        self.pieces.clear()
        if tuple(self.path) == _ENTRY:
            self.entries.append(Entry())
        if len(self.path) > MOST_DEEP or len(self.entries) > MOST_ENTRIES:
            raise _Refused

    def text(self, piece: str) -> None:
        self.pieces.append(piece)

    def end(self, _name: str) -> None:
        inside = tuple(self.path[len(_ENTRY) :])
        if tuple(self.path[: len(_ENTRY)]) == _ENTRY:
            text, entry = "".join(self.pieces), self.entries[-1]
            if inside == _AUTHOR:
                entry.authors.append(text)
            elif len(inside) == 1 and inside[0] in _TEXTS:
                setattr(entry, _TEXTS[inside[0]], text)
        self.path.pop()
        self.pieces.clear()


def parse_atom(body: bytes, who: str) -> list[Entry]:
    """The entries of a feed, none where it has none; raises `SourceUnavailable` for what is no Atom feed."""
    reader, parser = _Reader(), expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text

    def refuse(*_: object) -> Never:
        raise _Refused

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)  # noqa: FBT003 - positional only
    except (expat.ExpatError, _Refused, ValueError):
        raise SourceUnavailable(f"{who} answered something that is not an Atom feed.") from None
    if reader.root != _ENTRY[0]:
        raise SourceUnavailable(f"{who} answered something that is not an Atom feed.")
    return reader.entries
