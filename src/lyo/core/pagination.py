"""Lists by keyset: newest first, by `(created_at, id)`, with a cursor that nobody but us can make.

A cursor names the last row that was seen. It is signed for one list (route and filters) and one user, and holds
microseconds: rounded to milliseconds, rows that share one are lost.
"""

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, TypeVar, TypeVarTuple
from uuid import UUID

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from lyo.core.errors import InvalidCursor

Row = TypeVar("Row")
Columns = TypeVarTuple("Columns")

_LAYOUT: Final = struct.Struct(">q16s")
_SIGNATURE_BYTES: Final = 16
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

DEFAULT_LIMIT: Final = 20
MAXIMUM_LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the last row's time and id."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class CursorKey:
    """Signs the cursors of one list for one user."""

    secret: bytes = field(repr=False)
    scope: str

    def encode(self, position: Position) -> str:
        """The opaque cursor of `position`."""
        return self.encode_number((position.created_at - _EPOCH) // _MICROSECOND, position.id)

    def decode(self, cursor: str) -> Position:
        """The position that `cursor` names; raises `InvalidCursor` if we did not make it for this list."""
        microseconds, identifier = self.decode_number(cursor)
        return Position(_EPOCH + microseconds * _MICROSECOND, identifier)

    def encode_number(self, number: int, identifier: UUID) -> str:
        """The opaque cursor of a row in a list that is ordered by a number of 64 bits, and then by id."""
        payload = _LAYOUT.pack(number, identifier.bytes)
        return base64.urlsafe_b64encode(payload + self._sign(payload)).rstrip(b"=").decode()

    def decode_number(self, cursor: str) -> tuple[int, UUID]:
        """The number and the id that `cursor` names; raises `InvalidCursor` if we did not make it for this list."""
        raw = _strict_base64(cursor)
        payload, signature = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
        if len(payload) != _LAYOUT.size or not hmac.compare_digest(signature, self._sign(payload)):
            raise InvalidCursor
        number, identifier = _LAYOUT.unpack(payload)
        return number, UUID(bytes=identifier)

    def _sign(self, payload: bytes) -> bytes:
        message = b"cursor\0" + self.scope.encode() + b"\0" + payload
        return hmac.digest(self.secret, message, hashlib.sha256)[:_SIGNATURE_BYTES]


def _strict_base64(cursor: str) -> bytes:
    expected = 4 * (_LAYOUT.size + _SIGNATURE_BYTES) // 3 + 1
    if len(cursor) != expected or not cursor.isascii():
        raise InvalidCursor
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise InvalidCursor from None
    # Two spellings of one cursor would be one too many: the last character has bits that are not used.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != cursor:
        raise InvalidCursor
    return raw


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a client asks of a list."""

    limit: int
    after: Position | None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page: at most `limit` rows, and where the next begins, if there is one."""

    items: Sequence[Row]
    next: Position | None


def newest_first(
    statement: Select[*Columns],
    *,
    created_at: InstrumentedAttribute[datetime],
    identifier: InstrumentedAttribute[UUID],
    page: PageRequest,
) -> Select[*Columns]:
    """`statement` in the order of a list, from where `page` begins, with one row more than it asks for."""
    ordered = statement.order_by(created_at.desc(), identifier.desc()).limit(page.limit + 1)
    if page.after is None:
        return ordered
    return ordered.where(tuple_(created_at, identifier) < (page.after.created_at, page.after.id))


def earliest_first(
    statement: Select[*Columns],
    *,
    at: InstrumentedAttribute[datetime],
    identifier: InstrumentedAttribute[UUID],
    page: PageRequest,
) -> Select[*Columns]:
    """As `newest_first`, the other way round."""
    ordered = statement.order_by(at, identifier).limit(page.limit + 1)
    if page.after is None:
        return ordered
    return ordered.where(tuple_(at, identifier) > (page.after.created_at, page.after.id))


def cut_page(rows: Sequence[Row], *, limit: int, position: Callable[[Row], Position]) -> Page[Row]:
    """Make a page of `rows`, which were fetched with a limit of `limit + 1` to see whether there are more."""
    items = rows[:limit]
    return Page(items=items, next=position(items[-1]) if len(rows) > limit else None)
