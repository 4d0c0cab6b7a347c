"""Settings that are probably a mistake: names that nobody reads, secrets that anybody could guess."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from rapidfuzz.distance import OSA

MINIMUM_SECRET_BYTES: Final = 32
_FEWEST_CHARACTERS: Final = 10
"""Different ones. 32 random hexadecimal digits have fewer once in 10,000 times, and 64 practically never."""
_FROM_EXAMPLES: Final = ("secret-key", "secret_key", "changeme", "change-me", "change_me", "example", "password")

_OURS: Final = ("LYO_", "JWT_", "APNS_", "APPLE_")
"""Whatever begins so is meant for us. Other prefixes of our names are also those of other programs."""
_LINK: Final = re.compile(r".*_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP)(_(ADDR|PORT|PROTO))?)?)")
"""What Kubernetes tells each container about every service, one called `lyo` among them."""
_MISSPELT_BY: Final = 2
"""Letters that were left out, put in, changed or swapped."""


def weakness(secret: str) -> str | None:
    """Why `secret` is no secret, as the end of a sentence that begins with its name, or None."""
    if len(secret.encode()) < MINIMUM_SECRET_BYTES:
        return f"must have at least {MINIMUM_SECRET_BYTES} bytes"
    if len(set(secret)) < _FEWEST_CHARACTERS or any(word in secret.lower() for word in _FROM_EXAMPLES):
        return "is easy to guess: take random bytes, such as those of `openssl rand -base64 48`"
    return None


def unknown_names(given: Mapping[str, object], known: Collection[str]) -> list[str]:
    """One sentence for each name that is meant for us and is none of ours.

    That is one with a prefix of ours, and one that is nearly the name of a setting which is not given.
    """
    names = {name.upper() for name in given if not _LINK.fullmatch(name)}
    sentences: list[str] = []
    for name in sorted(names - set(known)):
        nearest = min(known, key=lambda each: OSA.distance(name, each))
        near = OSA.distance(name, nearest) <= _MISSPELT_BY
        if name.startswith(_OURS):
            sentences.append(f"{name}: there is no such setting{f'; is {nearest} meant?' if near else '.'}")
        elif near and nearest not in names:
            sentences.append(f"{name}: there is no such setting; is {nearest} meant?")
    return sentences
