from collections import Counter

from lyo.courses.generation.quizzes.positions import places


def test_the_same_course_has_the_same_places() -> None:
    assert places("photosynthesis", 3, 4) == places("photosynthesis", 3, 4)
    assert places("photosynthesis", 0, 12) != places("jazz", 0, 12)


def test_over_a_course_each_place_comes_up_as_often() -> None:
    for seed in range(200):
        counts = Counter(places(str(seed), 0, 16))
        assert counts == {0: 4, 1: 4, 2: 4, 3: 4}


def test_over_many_courses_the_first_place_is_no_more_likely_than_the_last() -> None:
    for at in range(5):
        counts = Counter(place for seed in range(2000) for place in places(str(seed), at, 1))
        assert sum((counts[place] - 500) ** 2 / 500 for place in range(4)) < 16.3  # p = 0.001


def test_no_quiz_is_all_one_place_and_none_can_be_told_by_what_is_left() -> None:
    quizzes = [places(str(seed), 3 * number, 3) for seed in range(300) for number in range(4)]
    assert all(len(set(quiz)) > 1 for quiz in quizzes)
    fours = [places(str(seed), 4 * number, 4) for seed in range(300) for number in range(4)]
    assert sum(len(set(quiz)) == 4 for quiz in fours) < len(fours) / 3
