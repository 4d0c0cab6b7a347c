"""People who sign in with Apple."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
from sqlalchemy import select

from lyo.accounts.models import AppleIdentity, User
from support.api import Api
from support.apple_host import StandInApple, hashed


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who signed in with Apple."""

    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


def credential(host: StandInApple, **claims: Any) -> dict[str, str]:
    """What an app sends after its learner has said yes: a token with a nonce that was never used."""
    nonce = uuid4().hex
    return {"identityToken": host.identity_token(**{"nonce": hashed(nonce), **claims}), "nonce": nonce}


async def ask(api: Api, body: dict[str, Any]) -> httpx2.Response:
    return await api.client.post("/v1/auth/apple", json=body)


async def sign_in(api: Api, host: StandInApple, more: dict[str, str] | None = None, **claims: Any) -> SignedIn:
    answer = await ask(api, {**credential(host, **claims), **(more or {})})
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    return SignedIn(tokens["access_token"], tokens["refresh_token"])


async def is_logged_in(api: Api, somebody: SignedIn) -> bool:
    answer = await api.client.get("/v1/courses", headers=somebody.headers)
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


async def users(api: Api) -> list[User]:
    async with api.sessions() as session:
        return list(await session.scalars(select(User).order_by(User.created_at)))


async def identities(api: Api) -> list[AppleIdentity]:
    async with api.sessions() as session:
        return list(await session.scalars(select(AppleIdentity).order_by(AppleIdentity.created_at)))
