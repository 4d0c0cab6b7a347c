"""`lyo openapi`: the contract as a document."""

import json

import typer

from lyo.core.settings import Settings
from lyo.main import create_app


def openapi() -> None:
    """Print the OpenAPI document."""
    # Its own defaults and not the machine's settings: the contract is the same everywhere.
    typer.echo(json.dumps(create_app(Settings.model_construct()).openapi(), indent=2, ensure_ascii=False))
