"""Questions of figures: the year in which something happened, centuries and numbers."""

import re
from collections.abc import Sequence

from lyo.courses.generation.languages import language_data
from lyo.courses.generation.quizzes.languages import quiz_language
from lyo.courses.generation.quizzes.values import Draft, Line
from lyo.courses.generation.words import content_words, words

MOST_WORDS = 34
LEAST_CONTENT = 4
GAP = "[…]"

SPREAD = 12
"""The share of its age by which wrong years lie apart: a year of 1789 may be one of 1769, one of 2009 one of 2007."""

_YEARS = re.compile(r"\b(?:1\d{3}|20\d{2})\b")
_NUMBER = re.compile(r"(?<![\d.,/:–\-])\b(?P<number>\d{1,3}(?:[,   ]\d{3})+|\d{1,4})(?= ?[%a-zà-ÿ])(?![\d/:–\-])")
_ORDINAL = re.compile(r"^(?:st|nd|rd|th|er|e|º|ª|s)\b")
_PERCENT = re.compile(r"^ ?(?:%|percent|per cent|pour cent|por ciento)")
_FACTORS = (0.4, 0.5, 0.6, 0.8, 1.2, 1.5, 2.0, 2.5, 3.0)
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII")
_ROMAN_NUMERALS = (*_ROMAN, "XVIII", "XIX", "XX", "XXI")


def ask_for_figures(line: Line, short: Line) -> list[Draft]:
    """A question for each figure to be asked for: of the whole sentence, or of `short`, as much as a gap needs."""
    gaps = (_ask_for_one_of_years, _ask_for_century, _ask_for_number, _ask_for_count)
    drafts = [_ask_for_year(line), *(maker(short) for maker in gaps)]
    return [draft for draft in drafts if draft is not None]


def _ask_for_year(line: Line) -> Draft | None:
    """`In which year did this happen?`, of a sentence that names one year and no other figure."""
    data, sentence = quiz_language(line.passage.language), line.sentence
    match = data.year_phrase.search(sentence)
    if match is None or line.about is not None or len(_YEARS.findall(sentence)) != 1:
        return None
    before, after = sentence[: match.start()].rstrip(" ,"), sentence[match.end() :]
    if _says_what_is(f"{before} {after}", line.passage.language):
        return None  # what a thing is has no date, even where its first appearance has
    if re.search(r"\d", before + after) or (before and re.search(r"[,;]", before + after)):
        return None  # the year is of one part of the sentence, and perhaps not of the others
    clause = (f"{before}{after}" if before else after.lstrip(" ,")).strip(" .")
    if len(content_words(clause, line.passage.language)) < LEAST_CONTENT or len(words(clause)) > MOST_WORDS:
        return None
    return Draft(
        kind="year",
        prompt=data.phrases["year"].format(clause=clause[:1].upper() + clause[1:]),
        key=match["year"],
        wrong=_years(int(match["year"]), line),
        line=line,
        merit=1.0,
    )


def _ask_for_one_of_years(line: Line) -> Draft | None:
    """The first year of a sentence, taken out of it."""
    language = line.passage.language
    match = next((m for m in _YEARS.finditer(line.sentence) if _is_dated(m, line.sentence, language)), None)
    if match is None:
        return None
    return _gapped(line, match.span(), "gap_year", match.group(), _years(int(match.group()), line))


def _is_dated(match: re.Match[str], sentence: str, language: str) -> bool:
    """Whether four digits are a year and no measure: a small word stands before them, no unit behind."""
    stop = language_data(language).stop_words
    before, after = words(sentence[: match.start()])[-1:], words(sentence[match.end() :].partition(",")[0])[:1]
    ends = not after or after[0] in stop or not re.match(r" ?[^\W\d]", sentence[match.end() :])
    return bool(before) and before[0] in stop and ends


def _says_what_is(text: str, language: str) -> bool:
    data = quiz_language(language)
    return bool((data.copulas - data.past_copulas).intersection(words(text)))


def _ask_for_century(line: Line) -> Draft | None:
    data = quiz_language(line.passage.language)
    found = list(data.century.finditer(line.sentence))
    if len(found) != 1:
        return None
    key = found[0]["number"]
    return _gapped(line, found[0].span("number"), "century", key, _centuries(key))


def _ask_for_number(line: Line) -> Draft | None:
    """The first number of a sentence, taken out of it."""
    found = [match for match in _NUMBER.finditer(line.sentence) if _is_worth_asking(match, line.sentence)]
    if not found:
        return None
    key = found[0]["number"]
    percent = _PERCENT.match(line.sentence[found[0].end("number") :])
    return _gapped(line, found[0].span("number"), "gap_number", key, _numbers(key, line.sentence, bool(percent)))


def _ask_for_count(line: Line) -> Draft | None:
    """A small number in words: of how many strings, for how many players."""
    known = quiz_language(line.passage.language).number_words
    found = list(re.finditer(rf"\b(?:{'|'.join(known)})(?= [^\W\d])", line.sentence))
    if not found:
        return None
    key = found[0].group()
    at = known.index(key)
    near = (at + step for distance in range(1, 6) for step in (-distance, distance))
    wrong = [known[place] for place in near if 0 <= place < len(known)]
    return _gapped(line, found[0].span(), "gap_number", key, tuple(wrong))


def _gapped(line: Line, span: tuple[int, int], wording: str, key: str, wrong: Sequence[str]) -> Draft | None:
    """`line` with a gap at `span`, of which the key is taken out."""
    sentence = f"{line.sentence[: span[0]]}{GAP}{line.sentence[span[1] :]}".strip(" .")
    if len(words(sentence)) > MOST_WORDS:
        return None
    prompt = gap_prompt(line, wording, sentence)
    merit = 0.6 if not key.isalpha() or key != quiz_language(line.passage.language).number_words[0] else 0.0
    return Draft(kind="number", prompt=prompt, key=key, wrong=tuple(wrong), line=line, merit=merit)


def gap_prompt(line: Line, wording: str, gapped: str) -> str:
    """The question for a sentence with a gap, which says what the sentence is about where a pronoun hides it."""
    data = quiz_language(line.passage.language)
    if line.about is None:
        return data.phrases[wording].format(sentence=gapped)
    return data.phrases_about[wording].format(about=line.about, sentence=gapped)


def _is_worth_asking(match: re.Match[str], sentence: str) -> bool:
    number = match["number"]
    year = len(number) == 4 and number.isdigit()  # noqa: PLR2004  a year's digits
    return not year and int(re.sub(r"\D", "", number)) > 1 and not _ORDINAL.match(sentence[match.end("number") :])


def _years(key: int, line: Line) -> tuple[str, ...]:
    """Years around the key, on both sides: the older the key, the wider apart; none beyond the source's own."""
    now = line.passage.retrieved_at.year
    unit = max(2, (now - key) // SPREAD)
    named = set(_YEARS.findall(line.quote))
    # What the key leaves over by 3 moves all but the key, so that no difference is the same in every question.
    years = [key + sign * (step * unit + key % 3) for step in (1, 2, 3, 4) for sign in (-1, 1)]
    return tuple(str(year) for year in years if year <= now and str(year) not in named)


def _centuries(key: str) -> tuple[str, ...]:
    """Centuries around the key, written like it."""
    roman = key.rstrip("e")
    if roman in _ROMAN_NUMERALS:
        at, end = _ROMAN_NUMERALS.index(roman) + 1, key[len(roman) :]
        return tuple(f"{_ROMAN_NUMERALS[n - 1]}{end}" for n in _around(at))
    return tuple(f"{n}{_english_end(n)}" for n in _around(int(re.sub(r"\D", "", key))))


def _around(century: int) -> list[int]:
    steps = (-1, 1, -2, 2, -3, 3)
    return [century + step for step in steps if 1 <= century + step <= len(_ROMAN_NUMERALS)]


def _english_end(number: int) -> str:
    if number in {11, 12, 13}:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _numbers(key: str, sentence: str, is_percent: bool) -> tuple[str, ...]:
    """Numbers written like the key, with as many round digits."""
    value, mark = int(re.sub(r"\D", "", key)), re.search(r"\D", key)
    unit = 10 ** (len(str(value)) - len(str(value).rstrip("0")))
    made = {max(unit, round(value * factor / unit) * unit) for factor in _FACTORS}
    if value < 10:  # noqa: PLR2004  one digit: its neighbours
        made = {value + step for step in (-3, -2, -1, 1, 2, 3) if value + step > 1}
    if is_percent:
        made = {value + step for step in (-30, -20, -10, 10, 20, 30) if 0 < value + step <= 100}  # noqa: PLR2004  percent
    texts = [
        _like(number, mark.group() if mark else "") for number in sorted(made - {value}, key=lambda n: abs(n - value))
    ]
    return tuple(text for text in texts if not re.search(rf"\b{re.escape(text)}\b", sentence))


def _like(number: int, mark: str) -> str:
    return f"{number:,}".replace(",", mark) if mark else str(number)
