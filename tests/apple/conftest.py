"""A stand-in for Apple, and Lyo's side of the line to it."""

from collections.abc import AsyncIterator

import pytest
from support.apple_host import CLIENT_ID, KEY_ID, TEAM_ID, StandInApple, stand_in_apple, write_team_key
from support.settings import plain_settings

from lyo.apple.client import Apple, open_apple
from lyo.core.settings import Settings


@pytest.fixture
async def host() -> AsyncIterator[StandInApple]:
    async with stand_in_apple() as running:
        yield running


@pytest.fixture
def apple_settings(host: StandInApple, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return plain_settings(
        apple_client_ids=(CLIENT_ID, "app.lyo.web"),
        apple_base_url=host.url,
        apple_team_id=TEAM_ID,
        apple_key_id=KEY_ID,
        apple_private_key_path=write_team_key(tmp_path_factory.mktemp("team")),
    )


@pytest.fixture
async def apple(apple_settings: Settings) -> AsyncIterator[Apple]:
    async with open_apple(apple_settings) as opened:
        yield opened
