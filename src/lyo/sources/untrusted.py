"""Reading what others send: JSON of any shape, texts with anything in them, addresses that may be anything."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from typing import Never, cast

from lyo.sources.protocol import SourceUnavailable

MOST_QUERY_CHARACTERS = 200
"""As long as a topic may be; a service that is asked more takes it for abuse."""

MOST_MARKS = 8
"""Unicode's own bound for texts that are processed in a stream is 30; no writing needs more than four."""

_DROPPED = re.compile("[\ud800-\udfff\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff]")
"""Half characters, which nothing can store; and marks that are not seen, which can make a text read as another."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_SPACES = re.compile(r"\s+")
_LINES = re.compile(r"[ \t\xa0]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_REGION = re.compile(r"[A-Z]{2}")


def parse_json(body: bytes, who: str) -> object:
    """The value in `body`; raises `SourceUnavailable` for whatever is not JSON in UTF-8. `who` begins the sentence."""

    def refuse(constant: str) -> Never:
        raise ValueError(constant)

    try:
        return cast("object", json.loads(body.decode(), parse_constant=refuse))
    except (ValueError, RecursionError):
        raise SourceUnavailable(f"{who} answered something that is not JSON.") from None


def mapping(value: object) -> Mapping[str, object]:
    """`value` where it is an object, else an empty one."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def entries(answer: object, name: str, who: str) -> Iterator[Mapping[str, object]]:
    """The objects of the list `name` of `answer`; raises `SourceUnavailable` where there is no list.

    What in the list is no object is left out. The old form of MediaWiki's answers, objects by their ids, is a list too.
    """
    listed = mapping(answer).get(name)
    if isinstance(listed, dict):
        listed = [*mapping(cast("object", listed)).values()]
    if not isinstance(listed, list):
        raise SourceUnavailable(f"{who} answered in a form that its documentation does not describe.")
    return (found for entry in cast("list[object]", listed) if (found := mapping(entry)))


def sequence(value: object) -> Sequence[object]:
    """`value` where it is a list, else an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else ()


def line(value: object, most: int = 300) -> str:
    """`value` as one line of clean text of at most `most` characters; empty where it is no text."""
    if not isinstance(value, str):
        return ""
    return _SPACES.sub(" ", _clean(value, most)).strip()[:most].strip()


def escaped_line(value: object, most: int = 300) -> str:
    """Like `line`, of a text that is escaped for HTML."""
    return line(unescape(value), most) if isinstance(value, str) else ""


def paragraphs(value: object, most: int) -> str:
    """`value` as clean text of at most `most` characters, cut after a sentence; its paragraphs are lines."""
    if not isinstance(value, str):
        return ""
    lines = (_LINES.sub(" ", part).strip() for part in _clean(value, most).split("\n"))
    text = "\n".join(part for part in lines if part)
    if len(text) <= most:
        return text
    cut = max(text.rfind(end, 0, most) for end in (". ", ".\n", "! ", "? ", "。"))
    return text[: cut + 1] if cut > 0 else text[:most]


def whole(value: object) -> int | None:
    """`value` where it is a whole number, else None; true and false are none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def sane_query(query: str) -> str:
    """`query` as a service can be asked it: one clean line of at most `MOST_QUERY_CHARACTERS`."""
    return line(query, MOST_QUERY_CHARACTERS)


def language_and_region(tag: str) -> tuple[str, str | None]:
    """The language of a BCP 47 tag, lower case, and its region, upper case, where it has one.

    The language is empty where the tag has none that could stand in an address.
    """
    first, *others = tag.replace("_", "-").split("-")
    language = first.lower() if _LANGUAGE.fullmatch(first.lower()) else ""
    regions = [part.upper() for part in others if _REGION.fullmatch(part.upper())]
    return language, regions[0] if regions else None


def _clean(text: str, most: int) -> str:
    seen = _CONTROL.sub(" ", _DROPPED.sub("", text[: 4 * most]))
    return seen if seen.isascii() else unicodedata.normalize("NFC", _calm(seen))


def _calm(text: str) -> str:
    """With at most `MOST_MARKS` marks on a letter: the time that NFC takes grows with the square of their number."""
    marks, kept = 0, list[str]()
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)
