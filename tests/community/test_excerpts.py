import pytest

from lyo.community.excerpts import excerpt


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
    assert excerpt(text, length) == short
    assert len(short) <= length
