"""Words of a query in a text, whatever the language."""

import time

import pytest

from lyo.sources.matching import query_words, share
from lyo.sources.protocol import SourceUnavailable
from lyo.sources.untrusted import language_and_region, line, paragraphs, parse_json


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("How to learn Python for beginners", ["python"]),
        ("introducción a la fotosíntesis", ["fotosíntesis"]),
        ("machine learning", ["machine", "learning"]),
        ("C", ["c"]),
        ("the who", ["the", "who"]),
        ("Python PYTHON pythön", ["pythön"]),
        ("機械学習", ["機械学習"]),
        ("한국어", ["한국어"]),
        ("!?", []),
        ("", []),
    ],
)
def test_the_words_of_a_query(query: str, words: list[str]) -> None:
    assert query_words(query) == words


@pytest.mark.parametrize(
    ("query", "text", "least", "most"),
    [
        ("volcano", "Volcanic eruptions", 1, 1),
        ("fotosíntesis", "La Fotosintesis explicada", 1, 1),
        ("AI", "What she said", 0, 0),
        ("AI", "AI for all", 1, 1),
        ("art", "How to start", 0, 0),
        ("python programming", "Programming in C", 0.5, 0.5),
        ("機械学習", "はじめての機械学習入門", 1, 1),
        ("ゲーム理論", "ゲーム理論", 1, 1),
        ("한국어 문법", "한국어 문법", 1, 1),
        ("квантовая механика", "Квантовой механики начала", 1, 1),
        ("qwxz blorp", "A dictionary of everything", 0, 0),
        ("", "x", 0, 0),
    ],
)
def test_the_share_of_words(query: str, text: str, least: float, most: float) -> None:
    assert least <= share(query, text) <= most


@pytest.mark.parametrize(
    ("tag", "parts"),
    [
        ("en", ("en", None)),
        ("pt-BR", ("pt", "BR")),
        ("zh-Hans-CN", ("zh", "CN")),
        ("ES_mx", ("es", "MX")),
        ("", ("", None)),
        ("english", ("", None)),
        ("e1", ("", None)),
        ("en-419", ("en", None)),
    ],
)
def test_a_tag_has_a_language_and_perhaps_a_region(tag: str, parts: tuple[str, str | None]) -> None:
    assert language_and_region(tag) == parts


def test_text_of_any_length_and_kind_is_clean_in_a_moment() -> None:
    began = time.process_time()
    for piece in (
        " ",
        "\n",
        "\0",
        "\u0301\u0327\u0316",
        "a\u0315\u0300\u05ae\u0062",
        "\ud800",
        "{\\displaystyle ",
        "<",
    ):
        wild = piece * (2 << 20)
        assert len(line(wild, 300)) <= 300
        assert len(paragraphs(wild, 8000)) <= 8000
    assert time.process_time() - began < 2
    assert line("a\r\n\tb\u2028c \u202ed") == "a b c d"
    assert paragraphs("One.\n\n  Two  \x07three. Four", 18) == "One.\nTwo three."


@pytest.mark.parametrize("body", [b"[" * 500_000, b'{"a":' * 400_000, b"1" * 5000, b"Infinity", b"\xff", b""])
def test_json_that_is_none_is_one_sentence(body: bytes) -> None:
    with pytest.raises(SourceUnavailable, match="somebody answered something that is not JSON"):
        parse_json(body, "somebody")
