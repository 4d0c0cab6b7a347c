"""How often one may try to log in.

Attempts are counted before the password is looked at, so that many at once are no way round, by a digest of the
account's address whether there is such an account or not. An attacker who uses an account's attempts up keeps its
owner out until the window ends (`RATE_LOGIN_PER_ACCOUNT`), except where the owner has logged in from the same
address within a month: there they have attempts of their own. Logging in gives all attempts back.
"""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.requests import HTTPConnection

from lyo.core.errors import TooManyRequests
from lyo.web.deps import resources
from lyo.web.rates import CountsAway
from lyo.web.throttle import caller, count_or_refuse, is_unlimited, note, rate

KNOWN_SECONDS: Final = 30 * 24 * 3600
_KNOWN: Final = "known"
_PER_ACCOUNT: Final = "rate_login_per_account"


async def count_address(connection: HTTPConnection) -> None:
    """A dependency of all routes that log somebody in or register them: raises `TooManyRequests` or `Unavailable`."""
    await count_or_refuse(connection, "rate_login_per_address", caller(connection))


async def count_attempt(connection: HTTPConnection, *, account: str) -> None:
    """Count an attempt at the password of `account`; raises `TooManyRequests` or `Unavailable`.

    An account is `email:` and a normalised address, or `id:` and an id: whoever knows one cannot use up the other.
    """
    try:
        await count_or_refuse(connection, _PER_ACCOUNT, account)
    except TooManyRequests:
        known = False
        with suppress(CountsAway):
            known = await resources(connection).counts.remembers(_KNOWN, account, caller(connection))
        if not known:
            raise
        await count_or_refuse(connection, _PER_ACCOUNT, account, caller(connection))


async def attempt_succeeded(connection: HTTPConnection, *, account: str) -> None:
    """Give the account its attempts back, and know this address from now on."""
    held = resources(connection)
    if is_unlimited(held.settings, connection, _PER_ACCOUNT):
        return
    address = caller(connection)
    with suppress(CountsAway):
        standing, _, _ = await asyncio.gather(
            held.counts.forget(rate(held, _PER_ACCOUNT), account),
            held.counts.forget(rate(held, _PER_ACCOUNT), account, address),
            held.counts.remember(_KNOWN, account, address, seconds=KNOWN_SECONDS),
        )
        note(connection, standing)
