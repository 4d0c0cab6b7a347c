"""Signing in with Apple, and what Apple tells us about those who did.

An account is known by the subject of Apple's tokens and by nothing else. In particular an address is no proof: an
account with a password is never given to whom Apple knows by the same address.
"""

from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts import repo, service
from lyo.accounts.errors import InvalidIdentityToken, InvalidNotification
from lyo.accounts.models import AppleIdentity, AppleRevocation
from lyo.accounts.sealing import Seal, SealBroken
from lyo.accounts.tokens import TokenKey
from lyo.accounts.values import NewUser, TokenPair
from lyo.apple.client import Apple
from lyo.apple.errors import AppleRefused, AppleUnavailable, NotFromApple
from lyo.apple.tokens import CLOCK_SKEW, NOTICES_GOOD_FOR, Identity, Notice, nonce_digest
from lyo.core.bus import Bus, transaction
from lyo.core.clock import now
from lyo.core.db import SessionMaker

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(days=1)
MOST_TRIES: Final = 12
"""At Apple, for one revocation: over a day and a half."""

_GONE: Final = {"account-delete", "account-deleted"}
_CONSENT_REVOKED: Final = "consent-revoked"
_FORWARDED: Final = {"email-disabled": False, "email-enabled": True}


async def read_identity_token(apple: Apple, *, identity_token: str, nonce: str) -> Identity:
    """Who Apple says this is; raises `InvalidIdentityToken` or `AppleUnavailable`."""
    try:
        return await apple.identity(identity_token, nonce=nonce)
    except NotFromApple:
        raise InvalidIdentityToken from None


async def open_login(
    session: AsyncSession,
    *,
    identity: Identity,
    nonce: str,
    newcomer: NewUser,
    key: TokenKey,
    refresh_lifetime: timedelta,
) -> TokenPair:
    """Open a log-in of whom Apple vouched for, who becomes a user at the first; raises `InvalidIdentityToken`.

    The nonce is used up by it: the same token opens no second one.
    """
    expires_at = identity.expires_at + CLOCK_SKEW
    if not await repo.claim_nonce(session, digest=nonce_digest(nonce), expires_at=expires_at):
        raise InvalidIdentityToken
    known = await repo.lock_apple_subject(session, subject=identity.subject)
    if known is None:
        user_id = await repo.add_user_without_password(
            session,
            newcomer=newcomer,
            email=identity.email if identity.is_email_verified else None,
        )
        known = AppleIdentity(subject=identity.subject, user_id=user_id)
        session.add(known)
    known.signed_in_at = now()
    if identity.email is not None:
        known.email = identity.email
        known.is_email_verified = identity.is_email_verified
        known.is_private_email = identity.is_private_email
    return await service.open_login(session, user_id=known.user_id, key=key, refresh_lifetime=refresh_lifetime)


async def keep_refresh_token(
    sessions: SessionMaker, bus: Bus, apple: Apple, seal: Seal, *, identity: Identity, code: str
) -> None:
    """Exchange an authorization code for the token with which the consent can be revoked one day, and keep that.

    Never raises for what fails at Apple or in the database: the learner is logged in already. Takes the sessionmaker,
    so that no connection is held while Apple is asked.
    """
    try:
        token = await apple.exchange(code, identity)
        sealed = seal.seal(token, owner=identity.client_id)
        async with transaction(sessions, bus) as session:
            if not await repo.put_apple_token(
                session, subject=identity.subject, sealed=sealed, client_id=identity.client_id
            ):
                session.add(AppleRevocation(refresh_token=sealed, client_id=identity.client_id))
    except AppleRefused as error:
        log.warning("apple.code_refused", reason=str(error))
    except (AppleUnavailable, SQLAlchemyError, OSError) as error:
        log.warning("apple.code_not_exchanged", error=type(error).__name__)


async def read_notification(apple: Apple, *, payload: str) -> Notice:
    """What Apple lets us know; raises `InvalidNotification` or `AppleUnavailable`."""
    try:
        return await apple.notice(payload)
    except NotFromApple:
        raise InvalidNotification from None


async def heed(session: AsyncSession, *, notice: Notice) -> None:
    """Do what a notice asks for, once. Of whom we do not know, and of what we do not know, nothing is done."""
    expires_at = notice.issued_at + NOTICES_GOOD_FOR + CLOCK_SKEW
    if not await repo.claim_notice(session, notice_id=notice.id, expires_at=expires_at):
        log.info("apple.notice_repeated", type=notice.type)
        return
    known = None if notice.subject is None else await repo.lock_apple_subject(session, subject=notice.subject)
    if known is None:
        log.info("apple.notice_about_nobody", type=notice.type)
    elif notice.type in _GONE:
        await service.delete_user(session, user_id=known.user_id)
        log.info("apple.user_deleted", type=notice.type)
    elif notice.type == _CONSENT_REVOKED:
        await _end_consent(session, known, notice)
    elif notice.type in _FORWARDED:
        known.is_email_forwarded = _FORWARDED[notice.type]
    else:
        log.warning("apple.notice_unknown", type=notice.type)


async def _end_consent(session: AsyncSession, known: AppleIdentity, notice: Notice) -> None:
    if known.signed_in_at > notice.issued_at + CLOCK_SKEW:  # they came back before the notice did
        log.info("apple.notice_outdated", type=notice.type)
        return
    known.refresh_token = known.client_id = None
    await service.log_out_everywhere(session, user_id=known.user_id)
    log.info("apple.consent_revoked", user_id=str(known.user_id))


async def revoke_next(sessions: SessionMaker, bus: Bus, apple: Apple, seal: Seal) -> bool:
    """Have Apple forget one token of somebody who is gone; False if none is due.

    The row is leased in a transaction of its own: a try that is killed in the middle is made again later.
    """
    async with transaction(sessions, bus) as session:
        due = await repo.lease_due_revocation(session, first_pause=FIRST_PAUSE, longest_pause=LONGEST_PAUSE)
    if due is None:
        return False
    reason = await _revoke(apple, seal, due)
    if reason is not None and due.tries < MOST_TRIES:
        log.warning("apple.revocation_failed", revocation_id=str(due.id), reason=reason, tries=due.tries)
        return True
    if reason is not None:
        log.error("apple.revocation_given_up", revocation_id=str(due.id), reason=reason, tries=due.tries)
    async with transaction(sessions, bus) as session:
        await repo.delete_revocation(session, revocation_id=due.id)
    return True


async def _revoke(apple: Apple, seal: Seal, due: AppleRevocation) -> str | None:
    """Why it did not work out, or None."""
    try:
        await apple.revoke(seal.open(due.refresh_token, owner=due.client_id), client_id=due.client_id)
    except AppleUnavailable:
        return "apple_unavailable"
    except AppleRefused as error:
        return str(error)
    except SealBroken:
        return "sealed_with_another_secret"
    return None
