"""Whether a find is about a query: by its words, in any language, without a learner's `how to` and `for beginners`."""

import re
import unicodedata
from typing import Final

LEAST_SHARE: Final = 0.5
"""Of the words of a query, the share that a title must have: `python programming` finds Programming in C, no snakes."""
_STEM: Final = 5
"""Letters by which words are compared: volcano and volcanic are one, and most endings of European languages go."""
_WHOLE: Final = 3
"""Words up to this long are compared whole: `ai` is not in `said`, nor `art` in `start`."""

_WORD = re.compile(r"[^\W_]+")
_STOP: Final = frozenset(
    word
    for words in (
        # What learners say around a topic, and the commonest words of the languages that courses are in.
        "a about an and are as at basic basics beginner beginners by course courses explained for from guide how i in",
        "intro introduction into is it learn lesson lessons my of on or the to tutorial tutorials understand",
        "understanding using want what when where which who why with you",
        "al apprendre aprender au aux avec como comment con cours curso cursos dans de debutant debutants del des du e",
        "el en es est et guia introduccion la las le les lo los mi mon o ou par para por pour principiantes que se",
        "son su sur tutoriel un una une uno y",
        "das dem den der die ein eine einfuhrung fur im ist mit und von wie zu zur",
        "com corso da della delle di do dos gli il na no nas nos os per um uma",
    )
    for word in words.split()
)
_WITHOUT_SPACES: Final = "\u2e80"
"""From here on lie the scripts of China and Japan, whose words are found as parts of a text."""


def query_words(query: str) -> list[str]:
    """The words of `query` that say what it is about, in small letters, each once; all of its words where none does."""
    every = list({plain(word): word for word in _WORD.findall(query.casefold())}.items())
    return [word for bare, word in every if bare not in _STOP] or [word for _, word in every]


def share(query: str, text: str) -> float:
    """The share of the words of `query` that `text` has, 0 to 1."""
    asked = [plain(word) for word in query_words(query)]
    if not asked:
        return 0.0
    said = plain(text)
    words = set(_WORD.findall(said))
    stems = {word[:_STEM] for word in words}
    return sum(_is_in(word, words, stems, said) for word in asked) / len(asked)


def plain(text: str) -> str:
    """`text` in small letters without accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in parts if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", bare)  # puts Korean together again


def _is_in(word: str, words: set[str], stems: set[str], text: str) -> bool:
    if max(word) >= _WITHOUT_SPACES:
        return word in text
    return word in words or (len(word) > _WHOLE and word[:_STEM] in stems)
