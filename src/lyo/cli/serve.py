"""`lyo api`."""

import socket
from typing import Annotated

import typer
import uvicorn

from lyo.apple.signing import TeamKey
from lyo.cli.failing import fail, process_settings
from lyo.core.settings import SettingsError
from lyo.main import create_app
from lyo.web.server import server_config


def api(
    host: Annotated[str, typer.Option(help="The address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to serve on.", min=0, max=65535)] = 8000,
) -> None:
    """Serve the API."""
    settings = process_settings()
    try:
        settings.require_database_url()
        settings.require_redis_url()
        settings.require_jwt_secret()
        TeamKey.of(settings)
        listener = _listen(host, port)
    except SettingsError as error:
        fail(str(error))
    except OSError as error:
        fail(f"Cannot serve on {host}:{port}: {error.strerror}. Choose another with --port.")
    config = server_config(create_app(settings), settings)
    with listener:
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
