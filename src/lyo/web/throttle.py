"""Who asks too often is told to wait: every request is counted once, by its user, else by its address."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Literal
from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from lyo.core.errors import TooManyRequests, Unavailable
from lyo.core.settings import Mode, Settings
from lyo.web.deps import Resources, resources
from lyo.web.rates import CountsAway, Rate, Standing

UNCOUNTED: Final = {"/v1/health/live", "/v1/health/ready", "/v1/health/model"}
"""Probes come often and from one address."""
AWAY_SECONDS: Final = 2
"""When to come back while nobody counts."""
_NOBODY_COUNTS: Final = "Logging in is not possible at the moment; try again shortly."
_STANDINGS: Final = "standings"

RateSetting = Literal[
    "rate_per_user",
    "rate_per_address",
    "rate_login_per_account",
    "rate_login_per_address",
    "rate_posts_per_user",
    "rate_comments_per_user",
    "rate_reports_per_user",
]
_NAMES: Final[dict[RateSetting, str]] = {
    "rate_per_user": "user",
    "rate_per_address": "address",
    "rate_login_per_account": "login-account",
    "rate_login_per_address": "login-address",
    "rate_posts_per_user": "posts",
    "rate_comments_per_user": "comments",
    "rate_reports_per_user": "reports",
}


class Throttle:
    """Counts each request and each handshake; while nobody can count, all are let through."""

    def __init__(self, app: ASGIApp, *, user_of: Callable[[HTTPConnection], UUID | None]) -> None:
        self.app = app
        self.user_of = user_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; raises `TooManyRequests`."""
        if scope["type"] in {"http", "websocket"} and scope["path"] not in UNCOUNTED:
            await self._count(HTTPConnection(scope))
        await self.app(scope, receive, send)

    async def _count(self, connection: HTTPConnection) -> None:
        user_id = self.user_of(connection)
        try:
            if user_id is None:
                await count(connection, "rate_per_address", caller(connection))
            else:
                await count(connection, "rate_per_user", str(user_id))
        except CountsAway:
            return


async def count(connection: HTTPConnection, setting: RateSetting, *who: str) -> None:
    """Count one of `who`, and note it for the headers; raises `TooManyRequests` or `CountsAway`."""
    held = resources(connection)
    if is_unlimited(held.settings, connection, setting):
        return
    standing = await held.counts.count(rate(held, setting), *who)
    note(connection, standing)
    if standing.exceeded:
        raise TooManyRequests(retry_after=standing.resets_in)


async def count_or_refuse(connection: HTTPConnection, setting: RateSetting, *who: str) -> None:
    """As `count`, where guessing must not be free while nobody counts: raises `Unavailable` then."""
    try:
        await count(connection, setting, *who)
    except CountsAway:
        raise Unavailable(_NOBODY_COUNTS, retry_after=AWAY_SECONDS) from None


def rate(held: Resources, setting: RateSetting) -> Rate:
    """The rate that a setting names."""
    return Rate.of(_NAMES[setting], getattr(held.settings, setting))


def is_unlimited(settings: Settings, connection: HTTPConnection, setting: RateSetting) -> bool:
    """Whether this comes from the developer's own machine, and they set no rate to see it at work."""
    if settings.lyo_mode is not Mode.LOCAL or setting in settings.model_fields_set:
        return False
    address = _address(connection)
    return address is not None and address.is_loopback


def caller(connection: HTTPConnection) -> str:
    """The address that a request is counted by; of IPv6 the network, since one customer has a whole /64."""
    address = _address(connection)
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)


def note(connection: HTTPConnection, standing: Standing) -> None:
    """Have the answer say where its caller stands; the last word about each rate counts."""
    connection.scope.setdefault("state", {}).setdefault(_STANDINGS, {})[standing.rate.name] = standing


def rate_headers(scope: Scope) -> dict[str, str]:
    """What the answer says about rates: draft-ietf-httpapi-ratelimit-headers."""
    noted: dict[str, Standing] = scope.get("state", {}).get(_STANDINGS, {})
    standings = noted.values()
    if not standings:
        return {}
    return {
        "RateLimit-Policy": ", ".join(f'"{s.rate.name}";q={s.rate.item.amount};w={s.rate.seconds}' for s in standings),
        "RateLimit": ", ".join(f'"{s.rate.name}";r={s.remaining};t={s.resets_in}' for s in standings),
    }


def _address(connection: HTTPConnection) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(connection.client.host if connection.client else "")
    except ValueError:  # a proxy that we trust said something else
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
