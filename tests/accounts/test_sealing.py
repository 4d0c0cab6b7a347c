import pytest
from pydantic import SecretStr
from support.settings import plain_settings

from lyo.accounts.sealing import Seal, SealBroken


def sealing_with(secret: str) -> Seal:
    return Seal.of(plain_settings(jwt_secret_key=SecretStr(secret)))


def test_what_is_sealed_opens_for_its_owner_alone() -> None:
    seal = sealing_with("mK3-vQ9xT7-bW2pL8-dR5nJ6-hY4sF1-zC0")
    sealed = seal.seal("secret", owner="a")
    assert seal.seal("secret", owner="a") != sealed
    assert seal.open(sealed, owner="a") == "secret"
    other = sealing_with("qX8-cN1vB6-tM4kD9-pS2wG7-jF5hL3-rZ0")
    for opener, content, owner in (
        (seal, sealed, "b"),
        (other, sealed, "a"),
        (seal, sealed[:-1], "a"),
        (seal, sealed[:12] + bytes([sealed[12] ^ 1]) + sealed[13:], "a"),
        (seal, b"", "a"),
        (seal, b"short", "a"),
    ):
        with pytest.raises(SealBroken):
            opener.open(content, owner=owner)
    assert "secret" not in repr(seal)
