"""Secrets of others that we must be able to read again, encrypted before they are stored.

AES-256-GCM, with a key that HKDF (SHA-256) derives from JWT_SECRET_KEY: whoever has the database alone can read
nothing. Whoever changes JWT_SECRET_KEY makes all that was sealed before unreadable; see docs/operations.md.
"""

import os
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lyo.core.settings import Settings

_PURPOSE: Final = b"lyo: refresh tokens of Apple, 1"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class SealBroken(Exception):
    """This was not sealed with our key for this owner, or it was changed since."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals and opens."""

    cipher: AESGCM = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "Seal":
        """The seal that the settings' secret makes."""
        derivation = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
        return cls(AESGCM(derivation.derive(settings.require_jwt_secret().encode())))

    def seal(self, secret: str, *, owner: str) -> bytes:
        """`secret`, so that it opens for the same `owner` alone."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self.cipher.encrypt(nonce, secret.encode(), owner.encode())

    def open(self, sealed: bytes, *, owner: str) -> str:
        """The secret; raises `SealBroken`."""
        try:
            return self.cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode()).decode()
        except (InvalidTag, ValueError):
            raise SealBroken from None
