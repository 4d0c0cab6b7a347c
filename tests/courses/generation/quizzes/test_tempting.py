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


def likes_the_last(prompt: Prompt) -> str:
    return allowed(prompt.grammar or "")[-1].strip()


async def test_what_the_model_would_write_in_the_gap_comes_first() -> None:
    model = Scripted(likes_the_last)
    tempting = await tempt(DRAFT, (PASSAGE,), await open_desk(model))
    assert tempting.wrong == ("reactants", "colours", "tissues", "gametes", "organs")
    assert {prompt.begun for prompt in model.asked} == {DRAFT.begun}
    question, _ = settle(tempting, 0, 1, (PASSAGE,))
    assert question is not None
    assert question.options == ("bonds", "reactants", "colours", "tissues")


@pytest.mark.parametrize("answer", ["", "nonsense of its own"])
async def test_a_model_that_picks_none_changes_nothing(answer: str) -> None:
    assert await tempt(DRAFT, (PASSAGE,), await open_desk(Scripted(lambda _: answer))) == DRAFT


async def test_a_choice_that_would_spoil_the_question_is_not_taken() -> None:
    spoiled = Draft("word", DRAFT.prompt, "bonds", ("gametes", "organs", "tissues", "20", "30", "40"), DRAFT.line)
    begun = Draft(spoiled.kind, spoiled.prompt, spoiled.key, spoiled.wrong, spoiled.line, begun=DRAFT.begun)
    model = Scripted(likes_the_last)
    chosen = await tempt(begun, (PASSAGE,), await open_desk(model))
    question, _ = settle(chosen, 0, 1, (PASSAGE,))
    assert question is not None
    assert set(question.options) == {"bonds", "gametes", "organs", "tissues"}


@pytest.mark.parametrize("draft", [Draft("word", "", "bonds", WRONG[:3], DRAFT.line, begun="Plants"), DRAFT])
async def test_nobody_is_asked_where_there_is_nothing_to_choose(draft: Draft) -> None:
    model = Scripted(likes_the_last, speaks_chat=draft is DRAFT)
    assert await tempt(draft, (PASSAGE,), await open_desk(model)) is draft
    assert not model.asked
