"""Passwords: argon2id and what is tried first, off the event loop, a few at a time."""

import asyncio
import unicodedata
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache, lru_cache
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from lyo.accounts.errors import DoorCrowded
from lyo.core.errors import FieldError, ValidationFailed
from lyo.core.guessing import tries

SHORTEST_PASSWORD: Final = 8
"""NIST SP 800-63B and OWASP: the length is what counts, so there are no rules about kinds of characters."""
LONGEST_PASSWORD: Final = 256
FEWEST_CHARACTERS: Final = 3
"""Different ones; of one or two a long password is as easy to guess as a short one."""

# OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. About 20 ms on a small server.
_MEMORY_KIB: Final = 19456
_PASSES: Final = 2
_LANES: Final = 1

_AT_ONCE: Final = 2
"""Each hashing takes 19 MiB and a core: a storm of log-ins queues here and leaves the rest of the API alone."""
WAITING_AT_MOST: Final = 100
"""About two seconds of hashing on two cores: who comes later is told so at once and does not wait in vain."""

_LOOKED_AT: Final = 24
"""In characters: a repeat of up to four, six, eight or twelve ends there as it began."""
_FEWEST_TRIES: Final = 10_000
"""An online guesser who knows nothing has ten tries in 15 minutes: ten days of them. More would be a rule about kinds
of characters by another name."""

_COMMON: Final = "This password is one of those that are tried first; choose another."


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(memory_cost=_MEMORY_KIB, time_cost=_PASSES, parallelism=_LANES),))


class _Gate:
    """Lets a few through at once, and only so many wait."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._inside = 0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        if self._inside >= _AT_ONCE + WAITING_AT_MOST:
            raise DoorCrowded
        self._inside += 1
        try:
            async with self._room:
                yield
        finally:
            self._inside -= 1


@lru_cache(maxsize=4)
def _gate(loop: asyncio.AbstractEventLoop) -> _Gate:
    del loop  # a semaphore belongs to one event loop; the loop is the key
    return _Gate()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("the password of nobody")


@cache
def _common() -> frozenset[str]:
    # Read at the first registration: a megabyte that no other process needs.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST_PASSWORD)


def is_common(password: str) -> bool:
    """Whether it is among the first that are tried: a password in use, a run, a repeat and so on.

    This takes tens of milliseconds at worst, since of a long one only both ends are estimated. The end counts where it
    has characters that the beginning has not: otherwise it may go on repeating that.
    """
    begin, rest = password[:_LOOKED_AT], password[_LOOKED_AT:]
    more = tries(rest[-_LOOKED_AT:]) if len(set(rest) - set(begin)) >= FEWEST_CHARACTERS else 1
    return password.lower() in _common() or tries(begin) * more < _FEWEST_TRIES


async def refuse_common(password: str, *, field: str) -> None:
    """Raise `ValidationFailed`, which names `field`, for a password that is among the first to be tried.

    Raises `DoorCrowded`.
    """
    async with _gate(asyncio.get_running_loop()).turn():
        refused = await asyncio.to_thread(is_common, password)
    if refused:
        raise ValidationFailed(errors=[FieldError(f"#/{field}", _COMMON)])


async def hash_password(password: str) -> str:
    """The hash to store, with its parameters and salt inside; raises `DoorCrowded`."""
    async with _gate(asyncio.get_running_loop()).turn():
        return await asyncio.to_thread(_hasher().hash, _normal(password))


async def password_matches(password: str, stored_hash: str | None) -> bool:
    """Whether `password` is the one behind `stored_hash`. None (an unknown user) takes as long and is False.

    Raises `DoorCrowded`.
    """
    async with _gate(asyncio.get_running_loop()).turn():
        matches = await asyncio.to_thread(_verify, password, stored_hash)
    return matches and stored_hash is not None


def _verify(password: str, stored_hash: str | None) -> bool:
    return _hasher().verify(_normal(password), stored_hash or _nobodys_hash())


def _normal(password: str) -> str:
    """One spelling of each text, as NIST SP 800-63B asks: keyboards differ in how they send an accent."""
    return unicodedata.normalize("NFC", password)
