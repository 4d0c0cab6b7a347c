"""What may stand in a post: Markdown without control characters."""

import re
import unicodedata
from typing import Final

from lyo.community.plain import plain_text

_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def sanitised(text: str) -> str:
    """`text` in the form in which it is kept."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", unicodedata.normalize("NFC", lines)).strip()


def is_readable(text: str) -> bool:
    """Whether anything of sanitised `text` is there to be read."""
    return any(unicodedata.category(letter)[0] not in "CZ" for letter in plain_text(text))
