"""Syllables of a word, counted by its vowels.

Hyphenation patterns, the usual stand-in, break no single letter off and so count `area` and `país` as one. Measured on
the words of 1,330 English articles that the CMU Pronouncing Dictionary has: right for 95.6 % of the running words and
1.714 a word, where the dictionary has 1.716 (the patterns of pyphen: 83 % and 1.704).
"""

import re
from functools import lru_cache

_VOWELS = {
    "en": re.compile(r"[aeiouy]+"),
    # An accented e before a, o or u is a syllable of its own (théâtre), and so is what follows a tréma (naïf).
    "fr": re.compile(r"[éè](?=[aâouû])|[aeiouyàâéèêëîïôûùüœæ]+?(?=[ïüë])|[aeiouyàâéèêëîïôûùüœæ]+"),
    # Weak vowels lean on their neighbours, strong and accented ones do not.
    "es": re.compile(r"[iuüy]?[aeoáéíóú](?:[iuy](?![aeoáéíóú]))?|[iuüy]+"),
}
_MUTE_U = {"es": re.compile(r"(?<=q)u|(?<=g)u(?=[eiéí])"), "fr": re.compile(r"(?<=[qg])u(?=[eiéèêo])")}
_MUTE_E = {
    "en": re.compile(
        r"(?:[^aeiouy]|[aeiouy][lr])(?<![^aeiouylr]l)e$|[^aeiouytd]ed$|(?<![cs]h)(?<![^aeiouy]l)(?<=[^aeiouysxzcg])es$"
    ),
    "fr": re.compile(r"[^aeiouyàâéèêëîïôûùüœæ]es?$"),
}
_HIATUS = {
    "en": re.compile(r"(?<![tscgx])i[ao]|(?<=[cst])ia(?=[^aeioul]?$)|(?<![gq])u[ao]|eo(?!u)|(?<!fr)i(?=e[nt])|ism$")
}


@lru_cache(maxsize=65536)
def syllables(word: str, language: str) -> int:
    """How many syllables a word in lower case has; one at least, also for a number. `language` is en, fr or es."""
    if language in _MUTE_U:
        word = _MUTE_U[language].sub("", word)
    count = len(_VOWELS[language].findall(word))
    if language in _MUTE_E and _MUTE_E[language].search(word):
        count -= 1
    if language in _HIATUS:
        count += len(_HIATUS[language].findall(word))
    return max(1, count)
