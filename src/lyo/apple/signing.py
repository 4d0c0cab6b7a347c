"""How we prove to Apple who we are: a short-lived token, signed with the key that Apple gave the team."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lyo.apple.tokens import ISSUER
from lyo.core.clock import now
from lyo.core.settings import Settings, SettingsError

_LIFETIME: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TeamKey:
    """The private key of a team, with the names that Apple knows both by."""

    team_id: str
    key_id: str
    private_key: EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "TeamKey | None":
        """The key that the settings name, if they name one; raises `SettingsError`."""
        path, team_id = settings.apple_private_key_path, settings.apple_team_id or settings.apns_team_id
        if path is None:
            return None
        if settings.apple_key_id is None or team_id is None:
            missing = "APPLE_KEY_ID" if settings.apple_key_id is None else "APPLE_TEAM_ID"
            raise SettingsError(f"{missing} is not set, and APPLE_PRIVATE_KEY_PATH is of no use without it.")
        return cls(team_id=team_id, key_id=settings.apple_key_id, private_key=_read(path))

    def client_secret(self, client_id: str) -> str:
        """What Apple takes for a secret of the app `client_id`, for some minutes."""
        moment = now()
        claims = {
            "iss": self.team_id,
            "iat": moment,
            "exp": moment + _LIFETIME,
            "aud": ISSUER,
            "sub": client_id,
        }
        return jwt.encode(claims, self.private_key, algorithm="ES256", headers={"kid": self.key_id})


def _read(path: Path) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        raise SettingsError("APPLE_PRIVATE_KEY_PATH: no private key can be read from this file.") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SettingsError("APPLE_PRIVATE_KEY_PATH: this is no key of Apple's, which are of the curve P-256.")
    return key
