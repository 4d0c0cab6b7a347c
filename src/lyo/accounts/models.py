"""Users, their log-ins and their refresh tokens, and who signs in with Apple."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, func, text, true
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base
from lyo.core.ids import new_id


class User(Base):
    """A learner. The e-mail address is kept in lower case and is unique.

    Who signs in with Apple has no password, and may have no address.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('learner', 'moderator')", name="role"),
        Index("ix_users_role", "role", postgresql_where=text("role <> 'learner'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    display_name: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="en")
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    leaderboard_opt_out: Mapped[bool] = mapped_column(server_default=false())
    shares_milestones: Mapped[bool] = mapped_column(server_default=false())
    """Whether others see in their feeds what this learner has finished and earned."""
    role: Mapped[str] = mapped_column(String(20), server_default="learner")
    """Moderators are made by the operator, on the command line."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PastTimeZone(Base):
    """The time zone that a learner was in until then: which day it was for them is asked later too."""

    __tablename__ = "past_time_zones"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    until: Mapped[datetime] = mapped_column(primary_key=True)
    time_zone: Mapped[str]


class Login(Base):
    """One log-in on one device: the family of refresh tokens that came of it. Logging out ends it."""

    __tablename__ = "logins"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]


class RefreshToken(Base):
    """A refresh token, by its digest. Each is used once, and names the one that it replaced."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("ix_refresh_tokens_login_id", "login_id"),
        Index("ix_refresh_tokens_expires_at", "expires_at"),
    )

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    login_id: Mapped[UUID] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AppleIdentity(Base):
    """Somebody as Apple knows them, by the subject of their tokens and by nothing else."""

    __tablename__ = "apple_identities"

    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    email: Mapped[str | None]
    """What Apple last called their address. It need not be that of the user."""
    is_email_verified: Mapped[bool] = mapped_column(server_default=false())
    is_private_email: Mapped[bool] = mapped_column(server_default=false())
    """Whether the address is one of Apple's own, which hands on what it gets."""
    is_email_forwarded: Mapped[bool] = mapped_column(server_default=true())
    """False once they told Apple to hand nothing on."""
    refresh_token: Mapped[bytes | None]
    """Apple's, sealed for `client_id`: with it their consent can be revoked when they leave."""
    client_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    signed_in_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AppleNonce(Base):
    """A nonce that was used, by its digest, for as long as the token that carries it could be shown again."""

    __tablename__ = "apple_nonces"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AppleNotice(Base):
    """A notice of Apple's that was heard, for as long as it could be sent again."""

    __tablename__ = "apple_notices"

    id: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AppleRevocation(Base):
    """A refresh token of somebody who is gone, until Apple has forgotten it too. Nothing here says whose it was."""

    __tablename__ = "apple_revocations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    refresh_token: Mapped[bytes]
    client_id: Mapped[str]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
