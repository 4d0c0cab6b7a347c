import pytest
from support.boards import Crowd

from lyo.core.bus import Bus
from lyo.core.db import SessionMaker


@pytest.fixture
def crowd(sessions: SessionMaker, bus: Bus) -> Crowd:
    return Crowd(sessions, bus)
