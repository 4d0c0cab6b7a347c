"""What settings may say: rates, origins, hosts, networks and addresses, checked and put in form."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

_RATE: Final = re.compile(
    r"\s*[1-9]\d{0,8}\s*(?:/|\s+per\s)\s*(?:[1-9]\d{0,3}\s*)?(?:second|minute|hour|day)s?\s*", re.IGNORECASE | re.ASCII
)
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ORIGIN: Final = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#@\s:\[\]]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?")
_WIDEST: Final = 7
"""Of a network: private ones are 10.0.0.0/8 and fc00::/7; what is wider is half the world."""
_MAPPED_BITS: Final = 96
"""Before an address of IPv4 that is written as one of IPv6."""
_HALF_ESCAPED: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


def _rate(text: str) -> str:
    if not _RATE.fullmatch(text):
        raise ValueError("must be one rate like 600/minute or 10/15 minutes, and at least 1")
    return text.strip().lower()


def _items(value: object) -> object:
    """What stands between the commas; what is no text goes on as it is."""
    if not isinstance(value, str):
        return value
    return tuple(dict.fromkeys(item.strip().lower() for item in value.split(",") if item.strip()))


def plain_origin(origin: str) -> str | None:
    """`origin` as browsers send it, without the port that its scheme has anyway; None if it is none."""
    found = _ORIGIN.fullmatch(origin.lower())
    if not found or not _is_host(found[2]) or int(found[3] or 1) not in range(1, 65536):
        return None
    port = found[3] if found[3] and found[3] != _DEFAULT_PORTS.get(found[1]) else None
    return f"{found[1]}://{found[2]}" + (f":{port}" if port else "")


def _origins(items: tuple[str, ...]) -> tuple[str, ...]:
    plain = tuple(item if item == "*" else plain_origin(item) for item in items)
    known = tuple(origin for origin in plain if origin is not None)
    if len(known) < len(items):
        raise ValueError("must be origins like https://app.example.org, without a path, with commas between them")
    return known


def _hosts(items: tuple[str, ...]) -> tuple[str, ...]:
    if not items or not all(item == "*" or _is_host(item.removeprefix("*.")) for item in items):
        raise ValueError("must be hosts like api.example.org or *.example.org, without ports, with commas between them")
    return items


def _networks(items: tuple[str, ...]) -> tuple[str, ...]:
    try:
        networks = tuple(ip_network(item) for item in items)
    except ValueError:
        rule = "must be addresses or networks like 10.0.0.0/8 (10.0.0.1/8 is none), with commas between them"
        raise ValueError(rule) from None
    if any(map(_is_too_wide, networks)):
        raise ValueError(f"must be the networks of your proxies, and none is wider than /{_WIDEST}")
    return tuple(map(str, networks))


def _is_too_wide(network: IPv4Network | IPv6Network) -> bool:
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        return network.prefixlen < _MAPPED_BITS + _WIDEST
    return network.prefixlen < _WIDEST


def _is_host(text: str) -> bool:
    try:
        ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return len(text) < 254 and _NAME.fullmatch(text) is not None  # noqa: PLR2004 - the longest name of the DNS
    return (":" in text) == text.startswith("[")


def _address(*schemes: str) -> AfterValidator:
    """The rule for an address that may hold a password: nothing of it is in what is said."""
    begin = " or ".join(f"{scheme}://" for scheme in schemes)

    def check(secret: SecretStr) -> SecretStr:
        url = secret.get_secret_value()
        if url.partition("://")[0].lower() not in schemes or "://" not in url:
            raise ValueError(f"must begin with {begin}")
        if not _has_readable_host(url):
            raise ValueError(
                "cannot be read: write / @ : % [ ] in a password as %2F %40 %3A %25 %5B %5D, and the port as a number"
            )
        return secret

    return AfterValidator(check)


def _has_readable_host(url: str) -> bool:
    """Whether host and port of an address can be told apart from its password, which may have to be escaped."""
    try:
        parts = urlsplit(url)
        port = parts.port  # reading it checks it
    except ValueError:
        return False
    return port != 0 and "@" not in parts.path and not _HALF_ESCAPED.search(url)


def _known_to_redis(secret: SecretStr) -> SecretStr:
    # Read where there is such an address: not every process speaks with Redis.
    from redis.asyncio.connection import Connection, parse_url  # noqa: PLC0415

    try:
        options: dict[str, Any] = {**parse_url(secret.get_secret_value())}
        options.pop("connection_class", Connection)(**options)
    except (ValueError, TypeError):
        raise ValueError("has an option that Redis does not know, or a number that is none") from None
    return secret


def is_plain_address(url: str) -> bool:
    """Whether it is an address of a server and nothing more: no user, no query, no fragment."""
    try:
        parts = urlsplit(url)
        # Reading the port checks it.
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.port != 0
            and not ("@" in parts.netloc or parts.query or parts.fragment or not url.isascii() or " " in url)
        )
    except ValueError:
        return False


DatabaseUrl = Annotated[SecretStr, _address("postgresql", "postgres")]
RedisUrl = Annotated[SecretStr, _address("redis", "rediss", "unix"), AfterValidator(_known_to_redis)]
BrokerUrl = Annotated[SecretStr, _address("redis", "rediss", "redis+socket")]
"""Celery reads its variable by itself too, so it must be in kombu's words."""
Rate = Annotated[str, AfterValidator(_rate)]
"""So often in so long, as the library `limits` reads it."""
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_items), AfterValidator(_origins)]
Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_items), AfterValidator(_hosts)]
Networks = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_items), AfterValidator(_networks)]
