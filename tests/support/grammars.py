"""What a grammar allows: the GBNF that Lyo writes, read by a parser of the tests' own."""

import re
from collections.abc import Iterator
from itertools import islice

Symbol = tuple[str, bool]
"""The text of a literal, or the name of a rule, and which of the two it is."""

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(\??)|([a-z]+\d*)|(\|)')


def allowed(grammar: str, most: int = 2000) -> list[str]:
    """The sentences that `grammar` allows, at most `most` of them, without the space in front."""
    rules: dict[str, list[list[Symbol]]] = {}
    for line in grammar.splitlines():
        name, _, body = line.partition(" ::= ")
        rules[name] = _alternatives(body)
    return [sentence.removeprefix(" ") for sentence in islice(_said(rules, "root"), most)]


def _alternatives(body: str) -> list[list[Symbol]]:
    found: list[list[Symbol]] = [[]]
    assert _TOKEN.sub("", body).strip() == "", f"not understood: {body}"
    for literal, optional, name, bar in _TOKEN.findall(body):
        if bar:
            found.append([])
        elif name:
            found[-1].append((name, False))
        elif not optional or literal == ",":
            # `","?` is the one option that matters: taken as absent, since with it nothing else changes.
            found[-1] += [] if optional else [(re.sub(r"\\(.)", r"\1", literal), True)]
    return found


def _said(rules: dict[str, list[list[Symbol]]], name: str) -> Iterator[str]:
    for symbols in rules[name]:
        yield from _sequence(rules, symbols)


def _sequence(rules: dict[str, list[list[Symbol]]], symbols: list[Symbol]) -> Iterator[str]:
    if not symbols:
        yield ""
        return
    (text, is_literal), *rest = symbols
    for start in [text] if is_literal else _said(rules, text):
        for end in _sequence(rules, rest):
            yield start + end
