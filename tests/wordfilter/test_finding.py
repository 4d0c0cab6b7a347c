from importlib.resources import files
from itertools import islice
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyo.sources.library.bundle import LANGUAGES, read_bundle
from lyo.wordfilter.finding import WordFilter, refused_word

LISTED = WordFilter(["bleep", "zonk", "two words", "caf\u00e9x", "zassle", "\u0431\u043b\u0438\u043f"])
"""Words of no language, which are read as those of the list are."""


def found(text: str) -> set[str]:
    return set(LISTED.found(text))


@pytest.mark.parametrize(
    "text",
    [
        *("bleep", "so BLEEP it", "(Bleep!)", "bleep's", "_bleep_", "**bleep**", "a-bleep-b", "bleep\nit"),
        *("bleeeeep", "bbbleep", "bl33p", "BL33P!", "b1eep", "b!eep", "ble3p"),
        *("b.l.e.e.p", "b l e e p", "B-L-E-E-P!", "b_l_e_e_p", "b. l. e. e. p.", "so b l e e p y o u"),
        *("bl.eep", "so ble-ep it", "bl*eep!", "foo.ble.ep.org"),
        *("bl\u200beep", "bl\u00adeep", "b\u0308l\u0308e\u0301ep", "bl\u00e9\u00e8p", "\ufe0fbleep", "ble\u2060ep"),
        *(
            "\uff42\uff4c\uff45\uff45\uff50",
            "\U0001d41b\U0001d425\U0001d41e\U0001d41e\U0001d429",
            "\u24d1\u24db\u24d4\u24d4\u24df",
        ),
        *("bl\u0435\u0435p", "\u0412leep", "blee\u03c1"),
    ],
)
def test_a_word_is_found_through_its_disguises(text: str) -> None:
    assert found(text) == {"bleep"}


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("Two  WORDS", "two words"),
        ("two\nwords", "two words"),
        ("zas\u00dfle z4$$le", "zassle"),
        ("CAF\u00c9X cafe\u0301x", "caf\u00e9x"),
        ("\u0411\u043b\u0438\u043f", "\u0431\u043b\u0438\u043f"),
    ],
)
def test_phrases_and_other_letters(text: str, listed: str) -> None:
    assert found(text) == {listed}


@pytest.mark.parametrize(
    "text",
    [
        *("bleeper", "ableep", "blee p", "two", "two other words", "cafex", "b33", "b l e", "b, l and e e p", "833"),
        *("b.leep", "blee.p", "bl. eep", "bl..eep", "ble/ep", "ble_ep", "ta.ble-e.p", "bl.eep5"),
        *("mail@bleeper.org", "zonks", "z0n", "", "@", "!!!", "\u0301"),
        "\u0432\u04cf\u0435\u0435\u0440",
    ],
)
def test_what_only_looks_like_it_passes(text: str) -> None:
    assert found(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        *(
            "sex",
            "breast cancer",
            "anus",
            "Homo erectus",
            "Dick Cheney",
            "Scunthorpe",
            "cocktail",
            "Penistone",
            "analysis",
        ),
        *("penis and vagina", "sexual reproduction", "Moby Dick", "Uncle Tom's Cabin", "magna cum laude", "Niger"),
        *("assassin", "class", "Essex", "shiitake", "tits and other birds", "a swastika in a temple", "the A55 road"),
        *(
            "la Edad Media",
            "con ella",
            "une bite d'amarrage",
            "das Ende der Schlange",
            "del otro lado",
            "los a\u00f1os",
        ),
        *("homosexual", "transgender", "queer theory", "prostitution", "semen", "masturbation", "hero\u00edna"),
        *("\u0441\u0435\u043a\u0441", "x a b c d e f g", "A S S of a triangle"),
        *("The Hijra of 622", "Shylock's pound of flesh", "the Mau Mau uprising", "coolies", "The cock crows at dawn."),
        *("A pansy is a plant", "corn smut", "Paska is an Easter bread", "Pippa passes", "My name is Usama"),
        *("a cul-de-sac", "a whiz kid", "peler une pomme", "Homar", "palle di neve", "SIK SORULAN SORULAR"),
        *("an Ethernet 802.3 9mm M3 4x4 mp3 h2o COVID19", "1984"),
    ],
)
def test_what_is_learnt_passes(text: str) -> None:
    assert refused_word(text) is None


@pytest.mark.parametrize(
    "hidden",
    [
        *("shpx", "ohyyfuvg", "avttre", "snttbg", "phag", "nffubyr", "juber", "fyhg", "phagf", "ovgpurf"),
        *("chgn", "zvreqn", "uvwb qr chgn", "zreqr", "chgnva", "fnybcr", "pnmmb", "pnenyub", "nefpuybpu", "svpxra"),
        *(
            "shpx69",
            "1shpx",
            "sh\u115fpx",
            "sh\u2800px",
            "sh\u180bpx",
            "s\u20e3h\u20e3p\u20e3x\u20e3",
            "sh\u1ab0px",
            "av99re",
        ),
        *("xhejn", "arhxra", "ubre", "svggn", "ivggh", "bebfch", "fu1g", "@ff", "s.h.p.x", "s h p x", "shhhpx"),
    ],
)
def test_obscenities_and_slurs_do_not(hidden: str) -> None:
    """They stand here in ROT13."""
    rotated = hidden.translate(str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm"))
    assert refused_word(f"You {rotated}, you") is not None


def test_the_list_is_in_order_and_every_entry_is_found() -> None:
    entries = files("lyo.wordfilter").joinpath("refused.txt").read_text(encoding="utf-8").splitlines()
    assert entries == sorted(set(entries))
    every = WordFilter(entries)
    assert [entry for entry in entries if entry not in set(every.found(f"({entry})"))] == []


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    refused_word(text)


def test_hardly_an_article_of_the_encyclopedia_would_be_refused() -> None:
    articles = [article for language in LANGUAGES for article in islice(read_bundle(language), 400)]
    refused = [article.title for article in articles if refused_word(article.extract)]
    assert len(refused) <= len(articles) / 500


@pytest.mark.parametrize(
    "piece", ["word ", "b l e e p ", "a.", "\u00e9\u0301a", "@", "a@", "!a", "aaa", "1a", "two ", "\u0430b"]
)
def test_a_long_text_takes_a_moment(piece: str) -> None:
    text = (piece * 10_000)[:10_000]
    refused_word(text)
    started = process_time()
    refused_word(text)
    # 2 ms for plain text on a quiet machine.
    assert process_time() - started < 1
