from hypothesis import example, given
from hypothesis import strategies as st

from lyo.core.guessing import share_of_words, tries

LOOK_LIKE_DATES = st.text("0123456789/.-_\\ \n\r\t\x0b\x1c\x85\u2028\u0661\u00b2", min_size=1, max_size=24)


@given(LOOK_LIKE_DATES | st.text(min_size=1, max_size=90))
@example("1191\n")
@example("12345678\nx")
def test_whatever_is_guessed_at_has_a_figure(text: str) -> None:
    assert tries(text) >= 0
    assert 0 <= share_of_words(text, shortest=4) <= 1


def test_a_line_feed_is_a_space() -> None:
    assert tries("11\n12\n1991") == tries("11 12 1991")
