from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyo.core.errors import InvalidCursor
from lyo.core.pagination import CursorKey, Position, cut_page

KEY = CursorKey(secret=b"a secret of some length", scope="courses\0one")

positions = st.builds(
    Position,
    created_at=st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    id=st.uuids(),
)


@given(positions)
def test_a_cursor_keeps_every_microsecond(position: Position) -> None:
    assert KEY.decode(KEY.encode(position)) == position


@given(positions, st.integers(0, 53), st.characters(codec="ascii"))
def test_a_cursor_with_one_character_changed_is_not_ours(position: Position, place: int, character: str) -> None:
    cursor = KEY.encode(position)
    changed = cursor[:place] + character + cursor[place + 1 :]
    if changed != cursor:
        with pytest.raises(InvalidCursor):
            KEY.decode(changed)


@given(st.text(max_size=80))
def test_garbage_is_no_cursor(garbage: str) -> None:
    with pytest.raises(InvalidCursor):
        KEY.decode(garbage)


@given(positions)
def test_a_cursor_of_another_list_user_or_server_is_not_ours(position: Position) -> None:
    for other in (
        CursorKey(secret=KEY.secret, scope="tasks\0one"),
        CursorKey(secret=KEY.secret, scope="courses\0two"),
        CursorKey(secret=b"another secret", scope=KEY.scope),
    ):
        with pytest.raises(InvalidCursor):
            KEY.decode(other.encode(position))


def test_a_page_names_the_next_only_if_there_is_one() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [Position(moment - timedelta(seconds=n), UUID(int=n)) for n in range(3)]
    full = cut_page(rows, limit=2, position=lambda row: row)
    assert (list(full.items), full.next) == (rows[:2], rows[1])
    last = cut_page(rows, limit=3, position=lambda row: row)
    assert (list(last.items), last.next) == (rows, None)
    nothing: list[Position] = []
    assert cut_page(nothing, limit=3, position=lambda row: row).next is None
