"""Reporting what does not belong here, and judging it."""

from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.profiles import lock_learner
from lyo.accounts.values import Principal
from lyo.blocks.errors import LearnerNotFound
from lyo.community import moderation_repo, repo
from lyo.community.errors import (
    CannotJudgeYourself,
    CannotReportYourself,
    CaseClosed,
    CaseNotFound,
    CommentNotFound,
    PostNotFound,
)
from lyo.community.values import (
    Action,
    CaseOutcome,
    CaseStatus,
    CaseView,
    Complaint,
    Judged,
    ReportView,
    Target,
    TargetType,
)
from lyo.core.clock import now
from lyo.core.errors import NotFound
from lyo.core.pagination import Page, PageRequest
from lyo.feeds import service as feeds
from lyo.feeds.values import FeedItemType

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_NOT_FOUND: dict[TargetType, type[NotFound]] = {
    TargetType.POST: PostNotFound,
    TargetType.COMMENT: CommentNotFound,
    TargetType.USER: LearnerNotFound,
}


async def report(session: AsyncSession, *, reporter: Principal, complaint: Complaint) -> ReportView:
    """The report of something that the reporter sees, once for each: from now on they do not see it any more.

    Raises `PostNotFound`, `CommentNotFound`, `LearnerNotFound`, `CannotReportYourself`.
    """
    await lock_learner(session, owner_id=reporter.user_id)  # of two reports of one thing the second finds the first
    target = complaint.target
    earlier = await moderation_repo.report_of(session, owner_id=reporter.user_id, target=target)
    if earlier is not None:
        return earlier
    subject_id = await moderation_repo.subject_of(session, reader=reporter, target=target)
    if subject_id is None:
        raise _NOT_FOUND[target.type]
    if subject_id == reporter.user_id:
        raise CannotReportYourself
    case_id = await moderation_repo.open_case(session, target)
    made = await moderation_repo.add_report(session, complaint, owner_id=reporter.user_id, case_id=case_id)
    if target.type is TargetType.POST:
        await feeds.hide(
            session,
            reader_id=reporter.user_id,
            owner_id=subject_id,
            kind=FeedItemType.COMMUNITY_POST,
            source_id=target.id,
        )
    log.info("community.reported", case_id=str(case_id), reason=complaint.reason)
    return made


async def list_cases(
    session: AsyncSession, *, moderator: Principal, status: CaseStatus, page: PageRequest
) -> Page[CaseView]:
    """A page of what was reported, for moderators; what is said of themselves is for others to read."""
    return await moderation_repo.page_of_cases_unscoped(session, judge_id=moderator.user_id, status=status, page=page)


async def hide(session: AsyncSession, *, moderator: Principal, target: Target, reason: str | None) -> None:
    """Take a post or a comment from everybody's sight but its author's, and close what was reported of it.

    Raises `PostNotFound`, `CommentNotFound`, `CannotJudgeYourself`. Done twice it is done once.
    """
    judged = await _lock(session, target, moderator)
    moment = now()
    closed = await moderation_repo.close_cases_of_unscoped(
        session, target=target, outcome=CaseOutcome.HIDDEN, at=moment
    )
    if not judged.is_hidden:
        await moderation_repo.set_hidden_unscoped(session, target=target, at=moment)
        await _show_in_feeds(session, target, judged, to_others=False)
    if closed or not judged.is_hidden:
        await _write_down(session, Action.HIDE, moderator, target, judged.author_id, reason)


async def restore(session: AsyncSession, *, moderator: Principal, target: Target) -> None:
    """Show a hidden post or comment again, where and as it was; raises as `hide`."""
    judged = await _lock(session, target, moderator)
    if judged.is_hidden:
        await moderation_repo.set_hidden_unscoped(session, target=target, at=None)
        await _show_in_feeds(session, target, judged, to_others=True)
        await _write_down(session, Action.RESTORE, moderator, target, judged.author_id, None)


async def close(
    session: AsyncSession, *, moderator: Principal, case_id: UUID, outcome: CaseOutcome, reason: str | None
) -> None:
    """Close a case without hiding anything: it was unfounded, or is settled. Raises `CaseNotFound`, `CaseClosed`."""
    case = await moderation_repo.lock_case_unscoped(session, case_id=case_id)
    if case is None or case.subject_id == moderator.user_id:
        raise CaseNotFound
    if case.outcome is not None:
        if case.outcome is not outcome:
            raise CaseClosed
        return
    await moderation_repo.close_cases_of_unscoped(session, target=case.target, outcome=outcome, at=now())
    action = Action.DISMISS if outcome is CaseOutcome.DISMISSED else Action.RESOLVE
    await _write_down(session, action, moderator, case.target, case.subject_id, reason)


async def _lock(session: AsyncSession, target: Target, moderator: Principal) -> Judged:
    if target.type is TargetType.COMMENT:
        await repo.lock_post_of_comment_unscoped(session, comment_id=target.id)
    judged = await moderation_repo.lock_judged_unscoped(session, target=target)
    if judged is None:
        raise _NOT_FOUND[target.type]
    if judged.author_id == moderator.user_id:
        raise CannotJudgeYourself
    return judged


async def _show_in_feeds(session: AsyncSession, target: Target, judged: Judged, *, to_others: bool) -> None:
    if target.type is TargetType.POST:
        await feeds.show(
            session,
            owner_id=judged.author_id,
            kind=FeedItemType.COMMUNITY_POST,
            source_id=target.id,
            to_others=to_others,
        )


async def _write_down(
    session: AsyncSession, action: Action, moderator: Principal, target: Target, subject_id: UUID, reason: str | None
) -> None:
    await moderation_repo.add_action(
        session, action, moderator_id=moderator.user_id, target=target, subject_id=subject_id, reason=reason
    )
    log.info("community.moderated", action=action, moderator_id=str(moderator.user_id), target_id=str(target.id))
