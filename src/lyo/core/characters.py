"""The characters of what people write: one spelling for each, and none that hides or reorders others."""

import re
import unicodedata
from typing import Final

_NEEDED: Final = frozenset(
    # Joiners shape words and emoji; marks of direction put punctuation right in Hebrew and Arabic and reorder nothing.
    "\u200c\u200d\u200e\u200f\u061c"
    # The Mongolian vowel separator.
    "\u180e"
    # Signs that are drawn: before or around numbers, and over abbreviations.
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
) | frozenset(map(chr, range(0x13430, 0x13440)))  # what puts hieroglyphs beside and over each other
"""The format characters (Cf) that a script cannot be written without."""

_FILLERS: Final = "\u3164\uffa0"
"""Hangul fillers of old encodings: letters by their category, and blank."""
BLANK: Final = frozenset("\u115f\u1160\u2800" + _FILLERS)
"""Letters and signs that are blank where they stand alone; the others belong to old Hangul and to Braille."""

_NEW_LINE: Final = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_MANY_BLANK_LINES: Final = re.compile(r"\n(?:[ \t]*\n){3,}")
_SELECTORS: Final = re.compile("([\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
"""One selects a form of the character before it. More select nothing, and can carry any hidden text."""
MARKS: Final = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
"""Marks on letters of any script: a pattern."""
_PILED: Final = re.compile(f"({MARKS}{{8}}){MARKS}+")
"""No language puts more than a few on one letter; hundreds cover the lines above and below."""
_FLAG: Final = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)")
"""A flag of a region: a black flag and tags. Elsewhere tags are a way to hide text."""


def _is_hidden(character: str) -> bool:
    """Controls, and format characters that no script needs: overrides and isolates of direction, soft hyphens, tags."""
    category = unicodedata.category(character)
    return (category == "Cc" and character not in "\n\t") or (category == "Cf" and character not in _NEEDED)


def visible(text: str) -> str:
    """`text` in NFC, without controls and hidden characters, with newlines alone and at most two blank lines on end."""
    if text.isascii() and text.isprintable():
        return text
    parts = _FLAG.split(_NEW_LINE.sub("\n", text))  # every second one is a flag
    parts[::2] = map(_without_hidden, parts[::2])
    normal = unicodedata.normalize("NFC", _SELECTORS.sub(r"\1", "".join(parts)))
    return _MANY_BLANK_LINES.sub("\n\n\n", _PILED.sub(r"\1", normal))


def _without_hidden(text: str) -> str:
    hidden = {ord(character): None for character in set(text) if _is_hidden(character) or character in _FILLERS}
    return text.translate(hidden) if hidden else text


def says_something(text: str) -> bool:
    """Whether there is a letter, a number, an emoji or another sign; punctuation alone says nothing."""
    return any(map(_is_readable, text))


def _is_readable(character: str) -> bool:
    if character.isascii():
        return character.isalnum()
    category = unicodedata.category(character)
    return (category[0] in "LN" or category in {"So", "Sc", "Sm"}) and character not in BLANK
