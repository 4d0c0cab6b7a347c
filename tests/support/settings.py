"""Settings for tests: what the test says, and nothing of the machine's `.env`; no source outside is asked."""

from typing import Any

from lyo.core.settings import Settings


def plain_settings(**values: Any) -> Settings:
    """Settings with `values`, and defaults for the rest."""
    values.setdefault("lyo_sources", ("library",))
    return Settings(_env_file=None, **values)  # pyright: ignore[reportCallIssue] - pydantic-settings' own parameter
