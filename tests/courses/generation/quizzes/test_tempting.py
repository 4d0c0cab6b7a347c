from collections.abc import Callable
from dataclasses import replace

import pytest
from support.grammars import allowed
from support.library import passage
from support.writers import Scripted

from lyo.courses.generation.asking import open_desk
from lyo.courses.generation.quizzes.settling import settle
from lyo.courses.generation.quizzes.tempting import tempt
from lyo.courses.generation.quizzes.values import Draft, Line
from lyo.llm.protocol import Prompt

pytestmark = pytest.mark.anyio

SENTENCE = "Plants store the converted chemical energy within the bonds of organic compounds."
PASSAGE = passage("Photosynthesis", SENTENCE)
WRONG = ("gametes", "organs", "tissues", "colours", "reactants")
DRAFT = Draft(
    kind="word",
    prompt="Which word belongs in the gap: “Plants store the converted chemical energy within the […] of compounds”?",
    key="bonds",
    wrong=WRONG,
    line=Line(PASSAGE, SENTENCE, SENTENCE),
    begun="Plants store the converted chemical energy within the",
)


def likes(*terms: str) -> Callable[[Prompt], str]:
    """A model that writes the first of `terms` that its grammar allows."""

    def write(prompt: Prompt) -> str:
        may = [term.strip() for term in allowed(prompt.grammar or "")]
        return next((term for term in terms if term in may), "")

    return write


async def test_what_the_model_would_write_in_the_gap_comes_first() -> None:
    model = Scripted(likes("bonds", "reactants", "organs", "tissues"))
    tempting = await tempt(DRAFT, (PASSAGE,), await open_desk(model))
    assert tempting.wrong == ("reactants", "organs", "tissues", "gametes", "colours")
    assert {prompt.begun for prompt in model.asked} == {DRAFT.begun}
    question, _ = settle(tempting, 0, 1, (PASSAGE,))
    assert question is not None
    assert question.options == ("bonds", "reactants", "organs", "tissues")


async def test_what_the_model_likes_better_than_the_key_may_be_right_and_comes_last() -> None:
    model = Scripted(likes("organs", "bonds", "tissues", "gametes", "colours"))
    tempting = await tempt(DRAFT, (PASSAGE,), await open_desk(model))
    assert tempting.wrong == ("tissues", "gametes", "colours", "reactants", "organs")


async def test_a_model_that_has_no_idea_of_the_gap_changes_nothing() -> None:
    model = Scripted(likes("organs", "reactants", "colours", "bonds"))
    assert await tempt(DRAFT, (PASSAGE,), await open_desk(model)) == DRAFT


@pytest.mark.parametrize("answer", ["", "nonsense of its own"])
async def test_a_model_that_picks_none_changes_nothing(answer: str) -> None:
    assert await tempt(DRAFT, (PASSAGE,), await open_desk(Scripted(lambda _: answer))) == DRAFT


async def test_a_choice_that_would_spoil_the_question_is_not_taken() -> None:
    draft = replace(DRAFT, wrong=("gametes", "organs", "tissues", "20", "30", "40"))
    chosen = await tempt(draft, (PASSAGE,), await open_desk(Scripted(likes("bonds", "20", "30", "40"))))
    question, _ = settle(chosen, 0, 1, (PASSAGE,))
    assert question is not None
    assert set(question.options) == {"bonds", "gametes", "organs", "tissues"}


@pytest.mark.parametrize("draft", [replace(DRAFT, wrong=WRONG[:3]), replace(DRAFT, begun=""), DRAFT])
async def test_nobody_is_asked_where_there_is_nothing_to_choose(draft: Draft) -> None:
    model = Scripted(likes("bonds", "organs"), speaks_chat=draft is DRAFT)
    assert await tempt(draft, (PASSAGE,), await open_desk(model)) is draft
    assert not model.asked
