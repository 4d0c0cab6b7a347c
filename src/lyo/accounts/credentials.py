"""Where an access token stands in a request or handshake."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection

SUBPROTOCOL: Final = "bearer"
"""Offered by browsers as the pair `bearer, <token>`; a browser cannot set the Authorization header of a socket."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody came with."""

    token: str | None
    """As it was sent; empty where there should be one, so that a broken header counts as a bad token, not as none."""
    subprotocol: str | None = None
    """What to select in the handshake, as it was spelt: clients that offered a subprotocol need one selected."""


def credentials_of(connection: HTTPConnection) -> Credentials:
    """The credentials of a request or handshake; where a handshake has both kinds, the header counts."""
    header = connection.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        return Credentials(token.strip() if scheme.lower() == "bearer" else "")
    if connection.scope["type"] == "websocket":
        listed = ",".join(connection.headers.getlist("sec-websocket-protocol")).split(",")
        offered = [part.strip() for part in listed if part.strip()]
        if offered and offered[0].lower() == SUBPROTOCOL:
            return Credentials(offered[1] if len(offered) > 1 else "", offered[0])
    return Credentials(None)
