from collections.abc import Iterator
from uuid import uuid4

import pytest
from support.databases import create_database, drop_database

from lyo.local.temporary import Servers


@pytest.fixture
def empty(servers: Servers) -> Iterator[str]:
    """The address of a database without any table."""
    name = f"empty_{uuid4().hex}"
    yield create_database(servers, name)
    drop_database(servers, name)
