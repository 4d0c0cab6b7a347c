"""How easy a text is to guess, as `zxcvbn` sees it: words, passwords that are in use, runs, repeats, dates, keys."""

import math
from typing import Final

LONGEST: Final = 72
"""More characters are not looked at: these take 50 ms, and a few hundred a second."""
_MOST_READINGS: Final = 16
"""`P@ssw0rd1!` has 2 readings with letters for its signs, and what has 576 takes `zxcvbn` half a second."""


def tries(text: str) -> int:
    """About how many guesses find `text`, which is not empty, by somebody who begins with the likely ones.

    Tens of milliseconds at most, whatever is sent: what can be read in very many ways, since it has many
    signs that stand for letters, is as good as random here.
    """
    # Read at the first use, here as below: megabytes of lists that few processes need.
    from zxcvbn import zxcvbn  # noqa: PLC0415
    from zxcvbn.matching import L33T_TABLE, relevant_l33t_subtable  # noqa: PLC0415

    # It takes digits and a line feed for a date, and fails to read it as one.
    looked_at = text[:LONGEST].replace("\n", " ")
    readings = math.prod(len(signs) for signs in relevant_l33t_subtable(looked_at, L33T_TABLE).values())
    return 10 ** len(looked_at) if readings > _MOST_READINGS else int(zxcvbn(looked_at)["guesses"])


def share_of_words(text: str, *, shortest: int) -> float:
    """Which part of its characters, 0 to 1, stands in words and names of so many letters or more."""
    # Forwards and as they are spelt: a random text is full of words backwards, or with 0 for o.
    from zxcvbn.matching import dictionary_match  # noqa: PLC0415

    looked_at = text[:LONGEST]
    covered: set[int] = set()
    for match in dictionary_match(looked_at):
        place = range(match["i"], match["j"] + 1)
        covered.update(place if len(place) >= shortest else ())
    return len(covered) / len(looked_at)
