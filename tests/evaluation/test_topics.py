from pathlib import Path

import pytest

from lyo.courses.generation.languages import language_of
from lyo.evaluation.topics import EvaluationError, Topic, choose, for_throughput, load_topics


def test_the_topics_of_lyo_are_many_and_mixed() -> None:
    topics = load_topics(None)
    assert len(topics) >= 24
    assert {language_of(topic.locale) for topic in topics} >= {"en", "es", "fr"}
    assert {topic.level for topic in topics} == {"beginner", "intermediate", "advanced"}
    assert sum(not topic.inside for topic in topics) >= 5
    assert any(topic.interests for topic in topics)
    assert any(topic.refuse for topic in topics)


def test_topics_are_chosen_by_name_and_number() -> None:
    topics = load_topics(None)
    assert [topic.name for topic in choose(topics, only=["ml", "photosynthesis"], limit=None)] == [
        "photosynthesis",
        "ml",
    ]
    assert choose(topics, only=[], limit=2) == topics[:2]
    with pytest.raises(EvaluationError, match="named nothing-such"):
        choose(topics, only=["nothing-such"], limit=None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("topics = 3", "not as they should be"),
        ("[[topics]\n", "no TOML"),
        ("", "not as they should be"),
        ('[[topics]]\nname = "a"\ntopic = "x"\ninside = "perhaps"', "inside"),
        ('[[topics]]\nname = "../a"\ntopic = "x"\ninside = true', "name"),
        ('[[topics]]\nname = "a"\ntopic = "x"\ninside = true\nrefuse = true', "refused"),
        (
            '[[topics]]\nname = "a"\ntopic = "x"\ninside = true\n[[topics]]\nname = "a"\ntopic = "y"\ninside = true',
            "twice",
        ),
    ],
)
def test_a_file_of_topics_that_is_wrong_says_how(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "topics.toml"
    path.write_text(text)
    with pytest.raises(EvaluationError, match=said) as error:
        load_topics(path)
    assert "\n" not in str(error.value)


def test_a_file_of_topics_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="cannot be read"):
        load_topics(tmp_path / "none.toml")


def test_between_the_two_measurements_other_courses_are_made() -> None:
    shipped = [topic for topic in load_topics(None) if topic.inside]
    assert for_throughput(load_topics(None), 4) == shipped[:8]
    own = [Topic(name=f"own-{at}", topic=f"topic {at}", inside=at != 2) for at in range(6)]
    assert for_throughput(own, 4) == [*own[:2], *own[3:], *shipped[:3]]
    assert for_throughput(own[:3], 4) == own[:2]
    renamed = [topic.model_copy(update={"name": "mine"}) for topic in shipped[:4]]
    assert for_throughput(renamed, 4) == [*renamed, *shipped[4:8]]
