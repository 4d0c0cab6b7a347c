"""The headers of answers, described once.

None is marked as required, also those that are always there: Apple's generator would refuse a whole answer because a
proxy on the way has taken a header out. `tests/support/contract.py` holds them to be there.
"""

from typing import Any, Final

_DESCRIBED: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "X-Request-ID": (
        "The id of this request: yours, if you sent 8 to 128 of `A-Za-z0-9._-`, else ours. Name it to get help.",
        {"type": "string", "examples": ["018f3c2a9b7d4e1f8a6b5c4d3e2f1a0b"]},
    ),
    "Cache-Control": ("Who may keep this answer, and for how long.", {"type": "string", "examples": ["no-store"]}),
    "WWW-Authenticate": (
        "The scheme to log in with, and what was wrong with the token.",
        {"type": "string", "examples": ['Bearer error="invalid_token"']},
    ),
    "Retry-After": (
        "Seconds to wait before the same request is worth repeating.",
        {"type": "integer", "format": "int32", "minimum": 0, "examples": [5]},
    ),
    "Allow": ("The methods that the address takes.", {"type": "string", "examples": ["GET"]}),
    "ETag": ("Names this state: send it in `If-None-Match`.", {"type": "string", "examples": ['"7"']}),
    "Location": (
        "The address of what was made.",
        {"type": "string", "examples": ["/v1/tasks/018f3c2a-9b7d-7e1f-8a6b-5c4d3e2f1a0b"]},
    ),
    "RateLimit-Policy": (
        "What may be asked, by whom it is counted: `q` requests in `w` seconds. Absent while nobody counts.",
        {"type": "string", "examples": ['"user";q=600;w=60']},
    ),
    "RateLimit": (
        "What is left: `r` requests in the next `t` seconds. Absent while nobody counts.",
        {"type": "string", "examples": ['"user";r=599;t=12']},
    ),
    "Preference-Applied": ("The wait that was kept to.", {"type": "string", "examples": ["wait=20"]}),
    "Idempotency-Replayed": (
        "`true` if this key was used before and nothing new was begun.",
        {"type": "string", "examples": ["true"]},
    ),
}

EVERYWHERE: Final = ("X-Request-ID",)
COUNTED: Final = ("RateLimit-Policy", "RateLimit")
"""Of the Internet-Draft draft-ietf-httpapi-ratelimit-headers. Absent where nobody counts."""


def headers(*names: str) -> dict[str, Any]:
    """The `headers` of an answer in OpenAPI: said in full, since OpenAPI Generator stumbles over references here."""
    return {name: {"description": _DESCRIBED[name][0], "schema": dict(_DESCRIBED[name][1])} for name in names}
