"""How often one may write."""

from contextlib import suppress

from starlette.requests import HTTPConnection

from lyo.core.idempotency import IdempotentRequest, is_answered
from lyo.web.deps import resources
from lyo.web.rates import CountsAway
from lyo.web.throttle import RateSetting, count


async def count_first(connection: HTTPConnection, asked: IdempotentRequest, setting: RateSetting) -> None:
    """Count what is asked for the first time; raises `TooManyRequests`. A repetition costs nothing."""
    async with resources(connection).sessions() as session:
        if await is_answered(session, asked):
            return
    with suppress(CountsAway):
        await count(connection, setting, str(asked.user_id))
