"""How easy a text is to guess, as `zxcvbn` sees it: words, passwords that are in use, runs, repeats, dates, keys."""

from typing import Final

LONGEST: Final = 72
"""More characters are not looked at: these take 50 ms, and a few hundred a second."""


def tries(text: str) -> int:
    """About how many guesses find `text`, by somebody who begins with the likely ones."""
    # Read at the first use, here as below: megabytes of lists that few processes need.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    return int(zxcvbn(text[:LONGEST])["guesses"])


def share_of_words(text: str, *, shortest: int) -> float:
    """Which part of its characters, 0 to 1, stands in words and names of so many letters or more."""
    from zxcvbn.matching import omnimatch  # noqa: PLC0415

    looked_at = text[:LONGEST]
    covered: set[int] = set()
    for match in omnimatch(looked_at):
        # What is a word backwards, or with 0 for o, a random text is full of.
        if match["pattern"] == "dictionary" and not match.get("reversed") and not match.get("l33t"):
            place = range(match["i"], match["j"] + 1)
            covered.update(place if len(place) >= shortest else ())
    return len(covered) / len(looked_at)
