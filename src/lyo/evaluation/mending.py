"""Reading the JSON of a model that was asked for it in one go: as it stands, or mended as a patient person would."""

import json
from typing import Any

MOST_CHARACTERS = 200_000
"""More is no answer."""

MOST_CUTS = 400
"""Each costs a look at the whole."""


def mended(text: str) -> Any:
    """The first JSON value in `text`: what stands around it is left out, what is missing at its end is closed.

    Raises `ValueError` where there is no beginning of an object or a list.
    """
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    if not starts:
        raise ValueError("the answer has no JSON in it")
    body = text[min(starts) : min(starts) + MOST_CHARACTERS]
    try:
        return json.JSONDecoder(strict=False).raw_decode(body)[0]
    except (ValueError, RecursionError):
        pass
    for end in _cuts(body):
        try:
            return json.JSONDecoder(strict=False).decode(_closed(body[:end]))
        except (ValueError, RecursionError):
            continue
    raise ValueError("the answer is no JSON, and cannot be mended")


def _cuts(body: str) -> list[int]:
    """Where to break off, the last first: at the end, behind each value that was whole, behind the beginning."""
    ends = [at + 1 for at, character in enumerate(body) if character in '}]"']
    return [len(body), *reversed(ends[-MOST_CUTS:]), 1]


def _closed(body: str) -> str:
    """`body` with its open string, lists and objects closed."""
    closers: list[str] = []
    in_string = escaped = False
    for character in body:
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "{[":
            closers.append("}" if character == "{" else "]")
        elif character in "}]" and closers:
            closers.pop()
    if in_string:
        body = body.removesuffix("\\") if escaped else body
        body += '"'
    return body.rstrip().rstrip(",").rstrip() + "".join(reversed(closers))
