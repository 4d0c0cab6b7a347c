"""`lyo openapi` and `lyo asyncapi`: the contract as documents."""

import json
from typing import Any

import typer

from lyo.core.settings import Settings
from lyo.main import create_app
from lyo.realtime.asyncapi import asyncapi_document


def openapi() -> None:
    """Print the OpenAPI document."""
    # Its own defaults and not the machine's settings: the contract is the same everywhere.
    _print(create_app(Settings.model_construct()).openapi())


def asyncapi() -> None:
    """Print the AsyncAPI document, which is the socket's."""
    _print(asyncapi_document(create_app(Settings.model_construct()).version))


def _print(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
