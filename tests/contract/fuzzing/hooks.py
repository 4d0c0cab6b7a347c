"""What Schemathesis is told about us: how to be logged in. It imports this file by itself, in a process of its own."""

import os
import re
import time
from typing import Any
from uuid import uuid4

import httpx2
import schemathesis

from lyo.web.deps import KEY_PATTERN

PASSWORD = "correct horse battery staple"
LONGEST_WAIT = 30.0
"""For a log-in that is refused because there were many."""


def before_call(context: object, case: Any, kwargs: object) -> None:
    """A good key gets a part that is its own: one key with two different requests is 422, as it should be."""
    del context, kwargs
    headers: dict[str, Any] = case.headers or {}
    key = headers.get("Idempotency-Key")
    if isinstance(key, str) and re.match(KEY_PATTERN, key):
        quote = '"' if key.startswith('"') else ""
        headers["Idempotency-Key"] = f"{quote}{uuid4().hex}{key.strip(quote or None)[:200]}{quote}"


class LoggedIn:
    """A learner who stays logged in, whatever the fuzzing does to the log-in or to the account.

    Schemathesis asks again after a 401; a token that is still good is used on.
    """

    def __init__(self) -> None:
        self._base = os.environ["FUZZ_URL"]  # noqa: TID251 - told by the harness
        self._email = os.environ["FUZZ_EMAIL"]  # noqa: TID251
        self._password = os.environ["FUZZ_PASSWORD"]  # noqa: TID251

    def get(self, case: Any, ctx: Any) -> str:
        del case, ctx
        answer = self._post("login", {"email": self._email, "password": self._password})
        if answer.status_code == 401:  # the account was deleted, or has another password now
            self._email, self._password = f"{uuid4().hex}@example.com", PASSWORD
            answer = self._post("register", {"email": self._email, "password": self._password})
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def set(self, case: Any, data: str, ctx: Any) -> None:
        del ctx
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}

    def _post(self, what: str, body: dict[str, str]) -> httpx2.Response:
        until = time.monotonic() + LONGEST_WAIT
        while True:
            answer = httpx2.post(f"{self._base}/v1/auth/{what}", json=body, timeout=30)
            if answer.status_code != 429 or time.monotonic() > until:
                return answer
            time.sleep(min(float(answer.headers["retry-after"]), LONGEST_WAIT))


# Called and not used as decorators: its own types are partly unknown.
registering: Any = schemathesis
registering.hook(before_call)
registering.auth()(LoggedIn)
