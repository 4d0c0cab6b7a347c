import pytest

from lyo.community.plain import plain_text, shortened


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("Hello.", "Hello."),
        ("# Why *leaves* are **green**\n\nBecause.", "Why leaves are green\nBecause."),
        ("[a link](https://example.org) and `code`", "a link and code"),
        ("![a leaf](https://example.org/leaf.png)", "a leaf"),
        ("- one\n- two\n\n> said", "one\ntwo\nsaid"),
        ("two\nlines  \nof one", "two lines of one"),
        ("```\nx = 1\ny = 2\n```", "x = 1 y = 2"),
        (r"2 \* 3", "2 * 3"),
        ("***", ""),
        ("<b>bold</b>", "bold"),
    ],
)
def test_markdown_read_aloud(markdown: str, plain: str) -> None:
    assert plain_text(markdown) == plain


@pytest.mark.parametrize(
    ("text", "length", "short"),
    [
        ("short", 5, "short"),
        ("six letters", 8, "six let…"),
        ("one, two, three", 11, "one, two…"),
        ("unbreakable", 5, "unbr…"),
        ("a verylongword", 10, "a verylon…"),
    ],
)
def test_what_is_too_long_ends_with_a_mark(text: str, length: int, short: str) -> None:
    assert shortened(text, length) == short
    assert len(short) <= length
