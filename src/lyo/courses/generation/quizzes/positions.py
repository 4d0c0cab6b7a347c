"""Where the key stands: the same at every run, as often in each place, and in no order that can be learned."""

import hashlib
from collections.abc import Sequence

PLACES = 4
DECK = 8
"""Questions over which each place comes up equally often: twice, so that the last of four cannot be told."""


def places(seed: str, first: int, count: int) -> list[int]:
    """Places of the keys of `count` questions, of which the first is number `first` (from 0) of its course.

    `seed` is the content that decides: the same course has the same places.
    """
    dealt = [_deck(seed, at // DECK)[at % DECK] for at in range(first, first + count)]
    if len(dealt) > 1 and len(set(dealt)) == 1:
        dealt[-1] = (dealt[-1] + 1) % PLACES
    return dealt


def _deck(seed: str, number: int) -> Sequence[int]:
    """Each place `DECK / PLACES` times, in an order that hangs on the seed alone."""
    cards = [place for place in range(PLACES) for _ in range(DECK // PLACES)]
    ranked = sorted(range(DECK), key=lambda card: hashlib.sha256(f"{seed}\n{number}\n{card}".encode()).digest())
    return [cards[card] for card in ranked]
