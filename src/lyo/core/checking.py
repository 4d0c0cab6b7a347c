"""Settings that are probably a mistake: names that nobody reads, secrets that anybody could guess."""

import hashlib
import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from lyo.core.guessing import share_of_words, tries

MINIMUM_SECRET_BYTES: Final = 32
_FEWEST_CHARACTERS: Final = 10
"""Different ones. 32 random hexadecimal digits have fewer once in 10,000 times, and 64 practically never."""
_FEWEST_TRIES: Final = 10**24
"""Of 1,000 times 32 random hexadecimal digits none was below 10^27; whatever repeats itself or runs on is."""
_MOST_WORDS: Final = 1 / 3
"""Of 1,800 random secrets in hexadecimal, base64 or letters none had over a quarter in words; phrases have half."""
_SHORTEST_WORD: Final = 4
_GIVEAWAYS: Final = ("secret", "password", "changeme", "change-me", "change_me", "example", "token", "insecure")
"""So long that no random secret has them by chance."""
_FIRST_GUESSES: Final = ("", "password", "secret", "test", "admin", "lyo", "changeme", "123456")
_PUBLISHED: Final = {
    "570dad43de1af4c925f92c16a68a50936da42b7dd6fdeb24850507a1199aac89",  # the tutorial of FastAPI
    "2598f7d6adc142d88161630f3db12ab2bd3403521c281811e5e1ce60d4ac5d76",  # the documentation of Flask
    "8b1b17a9740c068accab5c3d0d652c8e3cc13206e70bb73b42ea41d4c2de3c12",  # RFC 7515, appendix A.1
}
"""SHA-256 of keys that are random, and in everybody's hands."""

_OURS: Final = ("LYO_", "JWT_", "APNS_")
"""Whatever begins so is meant for us."""
_OURS_IN_PRODUCTION: Final = (
    *_OURS,
    "ALLOWED_",
    "APPLE_",
    "CORS_",
    "MAX_QUEUED_",
    "MAX_RUNNING_",
    "RATE_",
    "TRUSTED_",
    "WS_",
)
"""Other programs have these too, and a developer's machine has those; but no lock may be open by a misspelling."""
_LINK: Final = re.compile(r".*_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP)(_(ADDR|PORT|PROTO))?)?)")
"""What Kubernetes tells each container about every service, one called `lyo` among them."""
_MISSPELT_BY: Final = 2
"""Letters that were left out, put in, changed or swapped."""
_ALIKE: Final = 70
"""Of 100: when a name that is meant for us is probably that of a setting."""


def weakness(secret: str, *, thoroughly: bool) -> str | None:
    """Why `secret` is no secret, as the end of a sentence that begins with its name, or None.

    Thoroughly costs a tenth of a second and some megabytes.
    """
    if len(secret.encode()) < MINIMUM_SECRET_BYTES:
        return f"must have at least {MINIMUM_SECRET_BYTES} bytes"
    if _is_guessable(secret) or (thoroughly and _is_made_up(secret)):
        return "is easy to guess: take random bytes, such as those of `openssl rand -base64 48`"
    return None


def _is_guessable(secret: str) -> bool:
    plain = secret.strip()
    known = hashlib.sha256(plain.encode()).hexdigest() in _PUBLISHED or plain.lower() in _digests_of_nothing()
    return known or len(set(secret)) < _FEWEST_CHARACTERS or any(word in secret.lower() for word in _GIVEAWAYS)


@cache
def _digests_of_nothing() -> set[str]:
    """What a pipe into `sha256sum` and its like gives when the command before it failed, and of the first guesses."""
    ways = (hashlib.md5, hashlib.sha1, hashlib.sha224, hashlib.sha256, hashlib.sha384, hashlib.sha512)  # as they are
    return {way(f"{word}{end}".encode()).hexdigest() for way in ways for word in _FIRST_GUESSES for end in ("", "\n")}


def _is_made_up(secret: str) -> bool:
    return tries(secret) < _FEWEST_TRIES or share_of_words(secret, shortest=_SHORTEST_WORD) > _MOST_WORDS


def unknown_names(given: Mapping[str, object], known: Collection[str], *, in_production: bool) -> list[str]:
    """One sentence for each name that is meant for us and is none of ours.

    That is one with a prefix of ours, and one that is nearly the name of a setting which is not given.
    """
    names = {name.upper() for name in given if not _LINK.fullmatch(name)}
    sentences: list[str] = []
    for name in sorted(names - set(known)):
        nearest = min(known, key=lambda each: (OSA.distance(name, each), each))
        near = OSA.distance(name, nearest) <= _MISSPELT_BY
        if name.startswith(_OURS_IN_PRODUCTION if in_production else _OURS):
            alike = max(known, key=lambda each: (ratio(name, each), each))
            meant = nearest if near else alike if ratio(name, alike) >= _ALIKE else None
            sentences.append(f"{name}: there is no such setting{f'; is {meant} meant?' if meant else '.'}")
        elif near and nearest not in names:
            sentences.append(f"{name}: there is no such setting; is {nearest} meant?")
    return sentences
