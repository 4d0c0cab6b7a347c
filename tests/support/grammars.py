"""What a grammar allows: the GBNF of `offering.Offer`, read by a parser of the tests' own."""

import re

_LITERAL = r'"(?:[^"\\]|\\.)*"'


def allowed(grammar: str) -> list[str]:
    """The texts that `grammar` allows."""
    assert re.fullmatch(rf"root ::= {_LITERAL}(?: \| {_LITERAL})*", grammar), f"not understood: {grammar}"
    return [re.sub(r"\\(.)", r"\1", literal[1:-1]) for literal in re.findall(_LITERAL, grammar)]
