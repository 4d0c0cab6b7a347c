"""The phones that may be told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, func, true
from sqlalchemy.orm import Mapped, mapped_column

from lyo.core.db import Base
from lyo.core.ids import new_id


class PushDevice(Base):
    """A device token; it moves with its phone from one user to the next."""

    __tablename__ = "push_devices"
    __table_args__ = (Index("ix_push_devices_user_id", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    device_token: Mapped[str] = mapped_column(String(255), unique=True)
    platform: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool] = mapped_column(server_default=true())
    registered_at: Mapped[datetime] = mapped_column(server_default=func.now())
