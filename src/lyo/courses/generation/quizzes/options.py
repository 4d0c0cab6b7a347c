"""Flaws of what is offered: options that give the key away, or that cannot be told apart."""

import re
import unicodedata
from functools import lru_cache
from itertools import combinations

from rapidfuzz.fuzz import ratio

from lyo.courses.generation.quizzes.judged import Judged
from lyo.courses.generation.quizzes.languages import quiz_language
from lyo.courses.generation.words import flat, stem, words

LONGER = 1.2
"""How much longer than the longest distractor the key may be."""

ALIKE = 90.0
"""Ratio of the letters that two options have in common, 0 to 100, from which on they are one."""

FEW_WORDS = 3
PHRASE = 5
"""Words from beyond which on an option is no name or term any more."""

MOST_RATIO = 3.0
"""How many times as long as the shortest option the longest may be, where they are more than `FEW_WORDS` words."""

MOST_FACTOR = 20
"""How many times the key a numeric distractor may be before nobody believes it."""

MOST_YEARS = 300

SMALLEST_WORD = 2
"""What the first of a language's number words is."""

_NUMBER = re.compile(r"^\D{0,12}?(?P<number>\d+(?:[.,   ]\d+)*)")
_LETTERED = re.compile(
    r"\b[A-Da-d1-4]\)? (?:and|or|&|et|ou|y|o) [A-Da-d1-4]\b|\b(?:I|II|III|IV)\b,? (?:and|et|y) (?:I|II|III|IV)\b"
)
_YEAR = range(1000, 2100)
_ROMAN_NUMERAL = re.compile(r"(?P<roman>[IVXLC]+)(?:er|e)?")
_LETTERS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_CRUDE = ("always", "never", "every", "none", "only")
_ROMAN = re.compile(r"\b[IVXLC]+(?:e|er|º|ª)?\b|\d")


def all_or_none_of_the_above(judged: Judged) -> bool:
    """An option that speaks of the others."""
    above = quiz_language(judged.language).above
    return any(above.search(option.casefold()) for option in judged.options)


def true_or_false_options(judged: Judged) -> bool:
    """Options that only say yes or no."""
    data = quiz_language(judged.language)
    return any(words(option) and data.true_false.issuperset(words(option)) for option in judged.options)


def combined_options(judged: Judged) -> bool:
    """Complex, K-type: options made of the same parts, or of each other."""
    if any(_LETTERED.search(option) for option in judged.options):
        return True
    bags = [frozenset(words(option)) for option in judged.options]
    listed = all("," in option for option in judged.wrong)
    return len(set(bags)) < len(bags) or (
        listed and any(judged.stems(judged.right) & judged.stems(o) for o in judged.wrong)
    )


def absolute_terms(judged: Judged) -> bool:
    """Always, never, all, none, only, every: learners know that such options are wrong."""
    terms = quiz_language(judged.language).absolute_terms
    return any(terms.intersection(words(option)) or _holds(option, _CRUDE) for option in judged.options)


def vague_terms(judged: Judged) -> bool:
    """Often, usually, sometimes: nobody agrees on what they mean."""
    terms = quiz_language(judged.language).vague_terms
    return any(terms.intersection(words(option)) for option in judged.options)


def longest_is_right(judged: Judged) -> bool:
    """The key is by more than a fifth longer than the longest distractor."""
    return len(judged.right) > LONGER * max(len(option) for option in judged.wrong)


def lost_sequence(judged: Judged) -> bool:
    """Numbers that do not rise from option to option."""
    numbers = [rank_of(option, judged.language) for option in judged.options]
    known = [number for number in numbers if number is not None]
    return len(known) == len(numbers) and known != sorted(known)


def word_repeats(judged: Judged) -> bool:
    """A word of the question that the key repeats and a distractor does not."""
    repeated = judged.stems(judged.prompt) & judged.stems(judged.right)
    return any(not all(word in judged.stems(option) for option in judged.wrong) for word in repeated)


def grammatical_cue(judged: Judged) -> bool:
    """The question fits the key and not every distractor: `an` before a vowel, number, capitals, endings."""
    data = quiz_language(judged.language)
    article = data.before_gap.search(judged.prompt)
    if article is not None:
        begins = data.telling_articles[article["article"].casefold().replace("’", "'").strip(" '")]
        if any(not begins.match(option.casefold()) for option in judged.options):
            return True
    right = shape(judged.right, judged.language)
    return not any(shape(option, judged.language) == right for option in judged.wrong) or _differ(judged)


def convergence_cue(judged: Judged) -> bool:
    """The key shares a word with some of the distractors, as the middle of several half-right ones does."""
    return any(
        0 < sum(word in judged.stems(option) for option in judged.wrong) < len(judged.wrong)
        for word in judged.stems(judged.right)
    )


def logical_cue(judged: Judged) -> bool:
    """The key alone is a number, a name or a sentence, or it alone is not."""
    return all(kind(judged.right) != kind(option) for option in judged.wrong) or len(_number_or_not(judged)) > 1


def _number_or_not(judged: Judged) -> set[bool]:
    return {value_of(option) is not None for option in judged.options}


def implausible_distractor(judged: Judged) -> bool:
    """A number that nobody believes, or an option much shorter or longer than the others."""
    right = value_of(judged.right)
    for option in judged.wrong:
        number = value_of(option)
        if right is not None and number is not None and not _is_near(number, right):
            return True
    lengths = [len(words(option)) for option in judged.options]
    return max(lengths) > FEW_WORDS and max(lengths) > MOST_RATIO * max(1, min(lengths))


def more_than_one_right(judged: Judged) -> bool:
    """Two options that say the same: equal, inflected, contained in one another, or nearly equal."""
    return any(says_the_same(one, other, judged.language) for one, other in combinations(judged.options, 2))


def says_the_same(one: str, other: str, language: str) -> bool:
    """Whether two options can hardly be told apart."""
    a, b = _bare(one), _bare(other)
    numbers = value_of(one), value_of(other)
    if None not in numbers and a.replace(" ", "").isalnum() and numbers[0] != numbers[1]:
        return False
    stems = [[stem(word, language) for word in text.split()] for text in (a, b)]
    if stems[0] == stems[1] or f" {a} " in f" {b} " or f" {b} " in f" {a} ":
        return True
    return not _ROMAN.search(one + other) and ratio(a, b, score_cutoff=ALIKE) > 0


@lru_cache(maxsize=8192)
def _bare(text: str) -> str:
    """The words of `text` without accents."""
    return "".join(mark for mark in unicodedata.normalize("NFKD", flat(text)) if not unicodedata.combining(mark))


def value_of(option: str) -> float | None:
    """The number that an option begins with, a unit or a sign aside; None where it begins with none."""
    roman = _ROMAN_NUMERAL.fullmatch(option)
    if roman is not None:
        return float(_roman(roman["roman"]))
    match = _NUMBER.match(option)
    if match is None or len(words(option[: match.start("number")])) > 0:
        return None
    digits = re.sub(r"[.,   ](?=\d{3}(?!\d))", "", match["number"]).replace(",", ".")
    return float(digits) if digits.count(".") <= 1 else None


def rank_of(option: str, language: str) -> float | None:
    """The value of an option that is a number, in digits or in a word; None for another."""
    known = quiz_language(language).number_words
    if option in known:
        return float(known.index(option) + SMALLEST_WORD)
    return value_of(option)


def _roman(numeral: str) -> int:
    values = [_LETTERS[letter] for letter in numeral]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < following else value for value, following in pairs)


def kind(option: str) -> str:
    """`number`, `phrase`, `name` (a capital beyond its first letter) or `words`."""
    if value_of(option) is not None:
        return "number"
    if len(words(option)) > PHRASE:
        return "phrase"
    later = option.split()[1:]
    return "name" if any(word[:1].isupper() for word in later) else "words"


def shape(option: str, language: str) -> tuple[bool, bool]:
    """Whether an option begins with a capital, and whether a common noun that it begins with is a plural."""
    data = quiz_language(language)
    noun = next(iter(re.findall(r"[^\W\d_]+", option)), "")
    return option[:1].isupper(), option[:1].islower() and bool(data.plural.search(noun))


def _differ(judged: Judged) -> bool:
    """Whether the capitals of the first letters are mixed."""
    return len({option[:1].isupper() for option in judged.options if option[:1].isalpha()}) > 1


def _is_near(number: float, right: float) -> bool:
    if int(right) in _YEAR and right == int(right):
        return abs(number - right) <= MOST_YEARS
    if right == 0 or number == 0:
        return True
    return 1 / MOST_FACTOR <= number / right <= MOST_FACTOR


def _holds(option: str, terms: tuple[str, ...]) -> bool:
    return any(term in option.casefold() for term in terms)
