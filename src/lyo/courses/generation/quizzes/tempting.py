"""Distractors that tempt: of the terms that do not fit a gap, those that a model would write there."""

from collections.abc import Sequence
from dataclasses import replace

from lyo.courses.generation.asking import Desk
from lyo.courses.generation.offering import written
from lyo.courses.generation.quizzes.settling import DISTRACTORS, settle
from lyo.courses.generation.quizzes.values import Draft
from lyo.sources.protocol import Passage


async def tempt(draft: Draft, passages: Sequence[Passage], desk: Desk) -> Draft:
    """The draft of a gap with the distractors first that a base model likes best there, where it stays sound so.

    A vector knows what a term is about, and a model what can follow: `bonds` lie as near to `gametes` as to
    `structures`, but compounds hold their energy in no gametes. Raises `ModelUnavailable`.
    """
    left = list(draft.wrong)
    if not draft.begun or len(left) <= DISTRACTORS or desk.speaks_chat:
        return draft
    liked: list[str] = []
    while len(liked) < DISTRACTORS:
        best = await written(left, draft.line.passage, draft.begun, desk)
        if best is None:
            return draft
        liked.append(best)
        left.remove(best)
    tempting = replace(draft, wrong=(*liked, *left))
    return tempting if settle(tempting, 0, 1, passages)[0] is not None else draft
