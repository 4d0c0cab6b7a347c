"""The demo user, which exists in the local mode alone."""

from typing import Final

DEMO_EMAIL: Final = "demo@example.com"
DEMO_PASSWORD: Final = "demo"  # noqa: S105 - the specification's, and of no use anywhere else
DEMO_NAME: Final = "Demo"
