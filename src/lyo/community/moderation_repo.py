"""Every SQL statement about reports, and about what moderators make of them.

What moderators read and change is not theirs: those functions are `…_unscoped`, and only they are let in to call them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lyo.accounts.models import User
from lyo.accounts.values import Principal
from lyo.community.models import Comment, ContentReport, ModerationAction, ModerationCase, Post
from lyo.community.repo import comment_is_seen, post_is_seen
from lyo.community.values import (
    Action,
    Author,
    Case,
    CaseOutcome,
    CaseStatus,
    CaseView,
    Complaint,
    Judged,
    ReportReason,
    ReportView,
    Target,
    TargetType,
)
from lyo.core.ids import new_id
from lyo.core.pagination import Page, PageRequest, Position, cut_page, earliest_first

NOTES_SHOWN: Final = 20
"""Of one case, the latest."""

_COLUMNS: Final[Mapping[TargetType, InstrumentedAttribute[UUID | None]]] = {
    TargetType.POST: ModerationCase.post_id,
    TargetType.COMMENT: ModerationCase.comment_id,
    TargetType.USER: ModerationCase.reported_id,
}
_SUBJECT: Final = func.coalesce(Post.user_id, Comment.user_id, ModerationCase.reported_id)


async def report_of(session: AsyncSession, *, owner_id: UUID, target: Target) -> ReportView | None:
    """The owner's report of this, if they have made one; of a person, if it has not been judged.

    What was reported is gone from the owner's sight, but a person goes on, and may give a new reason.
    """
    made = select(ContentReport).join(ModerationCase, ModerationCase.id == ContentReport.case_id)
    made = made.where(ContentReport.user_id == owner_id, _COLUMNS[target.type] == target.id)
    if target.type is TargetType.USER:
        made = made.where(ModerationCase.closed_at.is_(None))
    row = await session.scalar(made)
    if row is None:
        return None
    return ReportView(row.id, Complaint(target, ReportReason(row.reason), row.note), row.created_at)


async def subject_of(session: AsyncSession, *, reader: Principal, target: Target) -> UUID | None:
    """Whose it is or who it is, if the reader sees it; nobody deletes or hides it before the transaction ends."""
    found = {
        TargetType.POST: select(Post.user_id).where(Post.id == target.id, post_is_seen(reader)),
        TargetType.COMMENT: select(Comment.user_id)
        .join(Post, Post.id == Comment.post_id)
        .where(Comment.id == target.id, comment_is_seen(reader), post_is_seen(reader)),
        TargetType.USER: select(User.id).where(User.id == target.id),
    }[target.type]
    if target.type is TargetType.USER:
        return await session.scalar(found.with_for_update(read=True, key_share=True))
    # What is being hidden is waited for, and then not seen any more.
    return await session.scalar(found.with_for_update(read=True, of=_written(target)))


async def open_case(session: AsyncSession, target: Target) -> UUID:
    """The id of the case of this that waits for a moderator, made if need be; it stays open until all is committed."""
    column = _COLUMNS[target.type]
    made = upsert(ModerationCase).values({"id": new_id(), column.key: target.id}).on_conflict_do_nothing()
    there = select(ModerationCase.id).where(column == target.id, ModerationCase.closed_at.is_(None))
    case_id: UUID | None = None
    while case_id is None:  # between the two a moderator may close the one that was there
        case_id = await session.scalar(made.returning(ModerationCase.id))
        case_id = case_id or await session.scalar(there.with_for_update(read=True))
    return case_id


async def add_report(session: AsyncSession, complaint: Complaint, *, owner_id: UUID, case_id: UUID) -> ReportView:
    """Keep what the owner says about a case."""
    made = insert(ContentReport).values(
        id=new_id(), user_id=owner_id, case_id=case_id, reason=complaint.reason, note=complaint.note
    )
    row = (await session.execute(made.returning(ContentReport.id, ContentReport.created_at))).one()
    return ReportView(row.id, complaint, row.created_at)


async def page_of_cases_unscoped(
    session: AsyncSession, *, judge_id: UUID, status: CaseStatus, page: PageRequest
) -> Page[CaseView]:
    """A page of what was reported of others than the judge, what was reported first before the rest."""
    cases = (
        select(
            ModerationCase,
            User.id,
            User.display_name,
            func.coalesce(Post.content, Comment.content),
            func.coalesce(Post.id, Comment.post_id),
            func.coalesce(Post.hidden_at, Comment.hidden_at).is_not(None),
        )
        .outerjoin(Post, Post.id == ModerationCase.post_id)
        .outerjoin(Comment, Comment.id == ModerationCase.comment_id)
        .join(User, User.id == _SUBJECT)
        .where(_is(status), _SUBJECT.is_distinct_from(judge_id))
    )
    statement = earliest_first(cases, at=ModerationCase.created_at, identifier=ModerationCase.id, page=page)
    rows = (await session.execute(statement.execution_options(populate_existing=True))).all()
    case_ids = [case.id for case, *_ in rows]
    reasons, notes = await _reasons(session, case_ids), await _notes(session, case_ids)
    views = [
        CaseView(
            id=case.id,
            target=_target(case),
            post_id=post_id,
            author=Author(id=author_id, display_name=name),
            content=content,
            is_hidden=is_hidden,
            report_count=sum(count for _, count, _ in reasons.get(case.id, [])),
            reasons=tuple((reason, count) for reason, count, _ in reasons.get(case.id, [])),
            notes=tuple(notes.get(case.id, [])),
            outcome=CaseOutcome(case.outcome) if case.outcome else None,
            first_reported_at=case.created_at,
            last_reported_at=max((last for _, _, last in reasons.get(case.id, [])), default=case.created_at),
            closed_at=case.closed_at,
        )
        for case, author_id, name, content, post_id, is_hidden in rows
    ]
    return cut_page(views, limit=page.limit, position=lambda view: Position(view.first_reported_at, view.id))


def _is(status: CaseStatus) -> ColumnElement[bool]:
    is_open = ModerationCase.closed_at.is_(None)
    return is_open if status is CaseStatus.OPEN else ~is_open


async def _reasons(
    session: AsyncSession, case_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[tuple[ReportReason, int, datetime]]]:
    """Of each case its reasons, how often and when last each was given; the most frequent first."""
    given = (
        select(ContentReport.case_id, ContentReport.reason, func.count(), func.max(ContentReport.created_at))
        .where(ContentReport.case_id.in_(case_ids))
        .group_by(ContentReport.case_id, ContentReport.reason)
        .order_by(func.count().desc(), ContentReport.reason)
    )
    found: dict[UUID, list[tuple[ReportReason, int, datetime]]] = {}
    for case_id, reason, count, last in await session.execute(given):
        found.setdefault(case_id, []).append((ReportReason(reason), count, last))
    return found


async def _notes(session: AsyncSession, case_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[str]]:
    """Of each case what was noted, the latest first."""
    order = func.row_number().over(
        partition_by=ContentReport.case_id, order_by=(ContentReport.created_at.desc(), ContentReport.id)
    )
    noted = select(ContentReport.case_id, ContentReport.note, order.label("place")).where(
        ContentReport.case_id.in_(case_ids), ContentReport.note.is_not(None)
    )
    numbered = noted.subquery()
    latest = select(numbered).where(numbered.c.place <= NOTES_SHOWN).order_by(numbered.c.case_id, numbered.c.place)
    found: dict[UUID, list[str]] = {}
    for case_id, note, _ in await session.execute(latest):
        found.setdefault(case_id, []).append(note)
    return found


async def lock_judged_unscoped(session: AsyncSession, *, target: Target) -> Judged | None:
    """A post or a comment that is judged, and that nobody else changes before the end of the transaction."""
    table = _written(target)
    found = select(table.user_id, table.hidden_at).where(table.id == target.id).with_for_update(key_share=True)
    row = (await session.execute(found)).one_or_none()
    return None if row is None else Judged(author_id=row.user_id, is_hidden=row.hidden_at is not None)


async def set_hidden_unscoped(session: AsyncSession, *, target: Target, at: datetime | None) -> None:
    """Hide a post or a comment from everybody, or show it again."""
    table = _written(target)
    await session.execute(update(table).where(table.id == target.id).values(hidden_at=at))


def _written(target: Target) -> type[Post | Comment]:
    return Post if target.type is TargetType.POST else Comment


async def lock_case_unscoped(session: AsyncSession, *, case_id: UUID) -> Case | None:
    """A case, which nobody else closes before the end of the transaction."""
    found = (
        select(ModerationCase, _SUBJECT)
        .outerjoin(Post, Post.id == ModerationCase.post_id)
        .outerjoin(Comment, Comment.id == ModerationCase.comment_id)
        .where(ModerationCase.id == case_id)
        .with_for_update(key_share=True, of=ModerationCase)
        .execution_options(populate_existing=True)
    )
    row = (await session.execute(found)).one_or_none()
    if row is None:
        return None
    case, subject_id = row
    outcome = CaseOutcome(case.outcome) if case.outcome else None
    return Case(id=case.id, target=_target(case), subject_id=subject_id, outcome=outcome)


async def close_cases_of_unscoped(session: AsyncSession, *, target: Target, outcome: CaseOutcome, at: datetime) -> bool:
    """Close what waits of one thing; whether there was any."""
    waiting = update(ModerationCase).where(_COLUMNS[target.type] == target.id, ModerationCase.closed_at.is_(None))
    closed = waiting.values(closed_at=at, outcome=outcome).returning(ModerationCase.id)
    return await session.scalar(closed) is not None


async def add_action(
    session: AsyncSession, action: Action, *, moderator_id: UUID, target: Target, subject_id: UUID, reason: str | None
) -> None:
    """Write down what a moderator has done."""
    values: dict[str, Any] = {
        "id": new_id(),
        "moderator_id": moderator_id,
        "subject_id": subject_id,
        "action": action,
        "target_type": target.type,
        "target_id": None if target.type is TargetType.USER else target.id,
        "reason": reason,
    }
    await session.execute(insert(ModerationAction).values(values))


def _target(case: ModerationCase) -> Target:
    for kind, identifier in (
        (TargetType.POST, case.post_id),
        (TargetType.COMMENT, case.comment_id),
        (TargetType.USER, case.reported_id),
    ):
        if identifier is not None:
            return Target(kind, identifier)
    raise AssertionError(case.id)  # the table has a check
