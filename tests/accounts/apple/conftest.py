"""An API whose Apple is a stand-in on loopback."""

from collections.abc import AsyncIterator

import pytest
from support.apple_host import CLIENT_ID, KEY_ID, TEAM_ID, StandInApple, stand_in_apple, write_team_key

from lyo.core.settings import Settings


@pytest.fixture
async def host() -> AsyncIterator[StandInApple]:
    async with stand_in_apple() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, host: StandInApple, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings.model_copy(
        update={
            "apple_client_ids": (CLIENT_ID, "app.lyo.web"),
            "apple_base_url": host.url,
            "apple_team_id": TEAM_ID,
            "apple_key_id": KEY_ID,
            "apple_private_key_path": write_team_key(tmp_path_factory.mktemp("team")),
        }
    )
