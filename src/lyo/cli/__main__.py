"""`python -m lyo.cli`."""

from lyo.cli import app

app()
