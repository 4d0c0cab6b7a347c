"""Distractors that tempt: of the terms that do not fit a gap, those that a model would write there."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from lyo.courses.generation.asking import Desk
from lyo.courses.generation.offering import written
from lyo.courses.generation.quizzes.settling import DISTRACTORS, settle
from lyo.courses.generation.quizzes.values import Draft
from lyo.sources.protocol import Passage

MOST_BEFORE_KEY = 2
"""Terms that a model may like better than the key, for its taste to count: beyond that it has no idea of the gap."""


async def tempt(draft: Draft, passages: Sequence[Passage], desk: Desk) -> Draft:
    """The draft of a gap with the distractors first that a base model likes best there, where it stays sound so.

    A vector knows what a term is about, and a model what can follow: it writes on where the gap begins. What it likes
    better than the key may be right as well (`arteries` for `vessels`), and comes last. Raises `ModelUnavailable`.
    """
    if not draft.begun or len(draft.wrong) <= DISTRACTORS or desk.speaks_chat:
        return draft
    too_good = await _liked([draft.key, *draft.wrong], MOST_BEFORE_KEY + 1, draft, desk, until=draft.key)
    if draft.key not in too_good:
        return draft
    too_good.remove(draft.key)
    left = [term for term in draft.wrong if term not in too_good]
    liked = await _liked(left, DISTRACTORS, draft, desk) if len(left) > DISTRACTORS else left
    rest = [term for term in left if term not in liked]
    tempting = replace(draft, wrong=(*liked, *rest, *too_good))
    question, _ = await asyncio.to_thread(settle, tempting, 0, 1, passages)
    return tempting if question is not None else draft


async def _liked(terms: Sequence[str], most: int, draft: Draft, desk: Desk, *, until: str | None = None) -> list[str]:
    """At most so many of the terms, as a model would write them in the gap, the best first and none after `until`."""
    left, liked = list(terms), list[str]()
    while len(liked) < most and until not in liked:
        best = await written(left, draft.line.passage, draft.begun, desk)
        if best is None:
            break
        liked.append(best)
        left.remove(best)
    return liked
