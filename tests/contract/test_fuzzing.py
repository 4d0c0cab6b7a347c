import random

import pytest
from support.fuzzing import fuzz, running_api

from lyo.core.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(900)]

EXAMPLES = 20


@pytest.mark.parametrize("as_stranger", [False, True])
async def test_every_answer_to_everything_is_as_the_contract_says(settings: Settings, *, as_stranger: bool) -> None:
    """`make fuzz SEED=…` repeats it, with more examples."""
    seed = random.SystemRandom().randrange(2**31)
    assert settings.database_url is not None
    assert settings.redis_url is not None
    addresses = settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()
    async with running_api(*addresses) as base_url:
        code, output = await fuzz(base_url, seed=seed, examples=EXAMPLES, as_stranger=as_stranger)
    assert code == 0, f"seed {seed}:\n{output}"
    assert " 0 generated" not in output
