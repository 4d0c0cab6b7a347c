"""Words that do not belong among learners."""

import re
from typing import Final

_WORDS: Final = re.compile(r"\b(?:fuck\w*|cunts?|nigg\w+|faggots?)\b", re.IGNORECASE)


def refused_word(text: str) -> str | None:
    """The first word of `text` that is refused, if there is one."""
    found = _WORDS.search(text)
    return found[0] if found else None
