from collections import Counter

import pytest
from support.grammars import allowed
from support.library import passage
from support.writers import Scripted

from lyo.courses.generation.asking import open_desk
from lyo.courses.generation.texts import phrase, quote, text_item
from lyo.courses.generation.values import LessonPlan
from lyo.llm.protocol import Prompt
from lyo.sources.protocol import Passage

LEAF = passage(
    "Leaf",
    "A leaf is an organ of vascular plants, usually borne above ground on a stem. "
    "The leaf turns light into sugar, which feeds the whole plant, in small green bodies. "
    "In autumn, most leaves of many trees turn yellow, red or brown and fall to the ground.",
)
ROOT = passage("Root", "The root is an organ of plants, usually found below the ground. It takes in water and salts.")


def shortens(prompt: Prompt) -> str:
    return allowed(prompt.grammar)[-1] if prompt.grammar else ""


async def prompts_for(passages: list[Passage], *, quickly: bool) -> list[Prompt]:
    model = Scripted(shortens)
    await phrase(passages, await open_desk(model), Counter(), quickly=quickly)
    return model.asked


@pytest.mark.anyio
async def test_a_model_writes_on_from_what_it_said_of_the_same_thing() -> None:
    asked = await prompts_for([LEAF, ROOT], quickly=False)
    leaf = [prompt.begun for prompt in asked if prompt.request == "Leaf"]
    root = [prompt.begun for prompt in asked if prompt.request == "Root"]
    assert leaf[0] == "A leaf is an organ of vascular plants"
    assert leaf[-1].startswith("A leaf is an organ of vascular plants. The leaf turns light into sugar")
    assert root[0] == "The root is an organ of plants"


@pytest.mark.anyio
async def test_where_a_learner_waits_each_sentence_is_asked_for_by_itself() -> None:
    asked = await prompts_for([LEAF, ROOT], quickly=True)
    assert asked
    assert not any(". " in prompt.begun for prompt in asked)


def test_what_a_passage_leaves_of_its_share_goes_to_the_others() -> None:
    short = passage("Stem", "The stem of a plant carries its leaves.")
    long = passage("Tree", "Trees are tall plants with a trunk of wood. They stand in forests, parks and gardens.")
    assert [len(part) for part in quote([long, short], 24)] == [2, 1]
    assert [len(part) for part in quote([short, long], 24)] == [1, 2]
    assert [len(part) for part in quote([long, short], 17)] == [1, 1]


@pytest.mark.parametrize(
    ("title", "label"),
    [("Sagittarius A*", r"**Sagittarius A\*.**"), ("C#", r"**C\#.**"), ("a_b", r"**a\_b.**"), ("Leaf", "**Leaf.**")],
)
def test_a_title_is_a_label_whatever_marks_it_has(title: str, label: str) -> None:
    anchor = passage("Galaxy", "Galaxies are large systems of stars and gas.")
    support = passage(title, "Astronomers have watched this bright source for decades.")
    lesson = LessonPlan(title="Galaxy", objective="Describe galaxies.", passage_ids=(anchor.id, support.id))
    item = text_item(lesson, quote([anchor, support]), "en")
    assert item is not None
    assert f"- {label} " in (item.content or "")


@pytest.mark.anyio
async def test_a_chat_model_says_nothing_twice() -> None:
    once = "A leaf is an organ of vascular plants, usually borne above ground on a stem."
    again = "A leaf is usually an organ of plants, borne on a stem above ground."
    more = "The leaf turns light into sugar, which feeds the whole plant."
    refusals = Counter[str]()
    model = Scripted(lambda _: f"{once} {again} {more} {more}", speaks_chat=True)
    [part] = await phrase([LEAF], await open_desk(model), refusals)
    assert [line.sentence for line in part] == [once, more]
    assert refusals["does_not_loop"] == 4
    assert "Say nothing twice." in model.asked[-1].request
