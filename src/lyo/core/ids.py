"""Identifiers."""

import uuid


def new_id() -> uuid.UUID:
    """A random id of 122 bits. A task's id is also the capability to watch it, so it must not be guessable."""
    return uuid.uuid4()
