"""Apple, as the rest of Lyo sees it: who is this, give me a token that I can revoke, revoke it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from lyo.apple.asking import AppleHost, Patience, apple_client, json_object
from lyo.apple.errors import AppleRefused, AppleUnavailable, NotFromApple
from lyo.apple.keys import AppleKeys, Keeping
from lyo.apple.signing import TeamKey
from lyo.apple.tokens import Identity, Notice, read_identity, read_notice
from lyo.core.settings import Settings

PATIENCE: Final = Patience()
KEEPING: Final = Keeping()


@dataclass(frozen=True, slots=True)
class Apple:
    """One for each process; see `open_apple`."""

    host: AppleHost
    keys: AppleKeys
    audiences: tuple[str, ...]
    team_key: TeamKey | None

    @property
    def can_exchange(self) -> bool:
        """Whether we have the key that a code is exchanged with."""
        return self.team_key is not None

    async def identity(self, token: str, *, nonce: str) -> Identity:
        """Who this identity token is about; raises `NotFromApple` or `AppleUnavailable`."""
        return await read_identity(self.keys, self.audiences, token, nonce=nonce)

    async def notice(self, payload: str) -> Notice:
        """What Apple lets us know by this payload; raises `NotFromApple` or `AppleUnavailable`."""
        return await read_notice(self.keys, self.audiences, payload)

    async def exchange(self, code: str, identity: Identity) -> str:
        """The refresh token for an authorization code of `identity`; raises `AppleRefused` or `AppleUnavailable`.

        The code came beside the identity token and may be of somebody else: whoever gets away with that could have
        another person's token revoked by deleting an account of their own.
        """
        form = {**self._credentials(identity.client_id), "code": code, "grant_type": "authorization_code"}
        answer = json_object(await self.host.post("/auth/token", form))
        token, id_token = answer.get("refresh_token"), answer.get("id_token")
        if not isinstance(token, str) or not token:
            raise AppleUnavailable
        if id_token is not None and await self._subject(id_token) != identity.subject:
            raise AppleRefused("code_of_somebody_else")
        return token

    async def revoke(self, refresh_token: str, *, client_id: str) -> None:
        """Have Apple forget `refresh_token`, also if it has already; raises `AppleRefused` or `AppleUnavailable`."""
        form = {**self._credentials(client_id), "token": refresh_token, "token_type_hint": "refresh_token"}
        await self.host.post("/auth/revoke", form)

    def _credentials(self, client_id: str) -> dict[str, str]:
        if self.team_key is None:
            raise AppleRefused("no_key")
        return {"client_id": client_id, "client_secret": self.team_key.client_secret(client_id)}

    async def _subject(self, id_token: object) -> str | None:
        try:
            return (await read_identity(self.keys, self.audiences, str(id_token), nonce=None)).subject
        except NotFromApple:
            return None


@asynccontextmanager
async def open_apple(
    settings: Settings, *, patience: Patience = PATIENCE, keeping: Keeping = KEEPING
) -> AsyncGenerator[Apple]:
    """Apple by the settings; raises `SettingsError` if the key that they name is none. Nothing is asked yet."""
    team_key = TeamKey.of(settings)
    async with apple_client(patience) as client:
        host = AppleHost(client, settings.apple_base_url, patience)
        keys = AppleKeys(host, keeping)
        try:
            yield Apple(host=host, keys=keys, audiences=settings.apple_audiences, team_key=team_key)
        finally:
            await keys.aclose()
