from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from support.library import passage

from lyo.courses.generation.catalogue import MOST_READINGS, MOST_VIDEOS, readings, videos
from lyo.courses.generation.values import LessonPlan, Material, Outline
from lyo.sources.protocol import Reading, Video

PASSAGES = tuple(passage(title, f"{title} is a thing.") for title in ("Leaf", "Root system", "Chlorophyll"))
OUTLINE = Outline(
    title="Plants",
    description="A course.",
    language="en",
    lessons=tuple(LessonPlan(title=p.title, objective="Know it.", passage_ids=(p.id,)) for p in PASSAGES),
)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def video(title: str) -> Video:
    return Video(title, title, f"https://www.youtube.com/watch?v={title}", "Channel", 90, "en", "youtube", AT)


def reading(title: str, kind: str = "book") -> Reading:
    return Reading(
        title, title, f"https://openlibrary.org/{title}", ("A. Author",), kind, "en", "CC0", AT, "openlibrary", 1999
    )


def test_a_video_goes_to_the_lesson_that_it_is_about() -> None:
    material = Material(language="en", passages=PASSAGES, videos=(video("How roots drink"), video("What a leaf does")))
    assert [item.title for item in videos(OUTLINE, 0, material)] == ["What a leaf does"]
    assert [item.title for item in videos(OUTLINE, 1, material)] == ["How roots drink"]
    assert videos(OUTLINE, 2, material) == []
    (item,) = videos(OUTLINE, 0, material)
    assert (item.type, item.duration_seconds, item.generated_by, item.source) == ("video", 90, "catalogue", "youtube")


def test_a_reading_says_what_it_is_and_by_whom() -> None:
    material = Material(language="en", passages=PASSAGES, readings=(reading("The leaf", "paper"),))
    (item,) = readings(OUTLINE, 0, material)
    assert item.content == "A research paper by A. Author (1999), to go deeper."
    assert (item.type, item.source) == ("article", "openlibrary")


def test_what_is_about_the_whole_topic_goes_to_a_lesson_without() -> None:
    material = Material(language="en", passages=PASSAGES, readings=(reading("Plants"), reading("A leaf")))
    assert [item.title for item in readings(OUTLINE, 0, material)] == ["A leaf"]
    assert [item.title for item in readings(OUTLINE, 1, material)] == ["Plants"]


@given(st.lists(st.sampled_from(["leaf", "root", "chlorophyll", "plants", "cars", "leaf root"]), max_size=12))
def test_nothing_is_in_two_lessons_and_no_lesson_has_too_much(titles: list[str]) -> None:
    numbered = [f"{title} {number}" for number, title in enumerate(titles)]
    material = Material(
        language="en",
        passages=PASSAGES,
        videos=tuple(video(title) for title in numbered),
        readings=tuple(reading(title) for title in numbered),
    )
    for find, most in ((videos, MOST_VIDEOS), (readings, MOST_READINGS)):
        shared = [find(OUTLINE, number, material) for number in range(3)]
        given_out = [item.title for items in shared for item in items]
        assert len(given_out) == len(set(given_out))
        assert all(len(items) <= most for items in shared)
